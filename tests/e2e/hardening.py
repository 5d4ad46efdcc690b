#!/usr/bin/env python3
"""Looks at what the loader of Linux or Windows is told about programs, and at their code, and
prints one line for each protection that is missing: PROGRAM: WORD: what is missing.

usage: hardening.py PROGRAM...
       hardening.py --objects OBJECT...

--objects: the ELF objects that programs are made of, also as ar archives, instead. The linker
marks a program for CET only when all of its objects are, and Debian's C library is not: what can
be seen to is that ours are.

Exit status: 0 nothing is missing, 1 something is, 2 wrong usage, or a file that is no program.
"""
import pathlib
import struct
import sys

from check_imports import BadImage, Image

# What HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\KnownDLLs names on Windows XP as well
# as on Vista and 7: these come from system32, whatever lies beside the program. All others are
# looked for there first.
KNOWN_DLLS = set(
    "advapi32 comdlg32 gdi32 imagehlp kernel32 msvcrt ole32 oleaut32 rpcrt4 shell32 shlwapi user32 "
    "wldap32".split()
)


class Elf:
    """The parts of a 64-bit little-endian ELF program or object that are looked at."""

    def __init__(self, data):
        self.data = data
        if data[4] != 2 or data[5] != 1:
            raise BadImage("not a 64-bit little-endian program")
        self.type, self.machine = struct.unpack_from("<HH", data, 16)
        program_at, section_at = struct.unpack_from("<QQ", data, 32)
        size, count, section_size, sections = struct.unpack_from("<HHHH", data, 54)
        self.segments = [
            struct.unpack_from("<IIQQQQQQ", data, program_at + i * size) for i in range(count)
        ]
        self.sections = [
            struct.unpack_from("<IIQQQQIIQQ", data, section_at + i * section_size)
            for i in range(sections)
        ]

    def flags(self, kind):
        return [segment[1] for segment in self.segments if segment[0] == kind]

    def dynamic(self, tag):
        for segment in self.segments:
            if segment[0] == 2:
                for at in range(segment[2], segment[2] + segment[5], 16):
                    found, value = struct.unpack_from("<QQ", self.data, at)
                    if found == tag:
                        return value
        return 0

    def symbols(self, kind):
        """Name and address of each symbol in the tables of this kind."""
        for _, table, _, _, offset, size, link, _, _, _ in self.sections:
            if table != kind:
                continue
            names = self.sections[link][4]
            for at in range(offset, offset + size, 24):
                name, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", self.data, at)
                end = self.data.index(b"\0", names + name)
                yield self.data[names + name:end].decode("ascii", "replace"), value

    def features(self):
        """The bits of GNU_PROPERTY_X86_FEATURE_1_AND: 1 IBT, 2 SHSTK."""
        for _, kind, _, _, offset, size, _, _, _, _ in self.sections:
            end, at = offset + size, offset
            while kind == 7 and at + 12 <= end:
                name_size, desc_size, note = struct.unpack_from("<III", self.data, at)
                at += 12 + (name_size + 3) // 4 * 4
                property_at, desc_end = at, at + desc_size
                while note == 5 and property_at + 12 <= desc_end:
                    which, length, bits = struct.unpack_from("<III", self.data, property_at)
                    if which == 0xC0000002:
                        return bits
                    property_at += 8 + (length + 7) // 8 * 8
                at += (desc_size + 7) // 8 * 8
        return 0

    def code_at(self, address, length):
        for kind, _, offset, start, _, size, _, _ in self.segments:
            if kind == 1 and start <= address < start + size:
                return self.data[offset + address - start:][:length]
        return b""


def elf_lacks(data):
    PT_LOAD, PT_INTERP, PT_GNU_STACK, PT_GNU_RELRO = 1, 3, 0x6474E551, 0x6474E552
    WRITE, EXECUTE = 2, 1
    elf = Elf(data)
    imports = [name.split("@")[0] for name, _ in elf.symbols(11)]
    flags, flags_1 = elf.dynamic(30), elf.dynamic(0x6FFFFFFB)
    if elf.type != 3 or not flags_1 & 0x08000000:
        yield "pie", "it is always loaded at the same address"
    if not elf.flags(PT_GNU_RELRO):
        yield "relro", "its table of imports stays writable"
    if not flags & 8 and not flags_1 & 1:
        yield "now", "its imports are bound only when they are used, so that the table stays writable"
    if not elf.flags(PT_GNU_STACK) or any(flag & EXECUTE for flag in elf.flags(PT_GNU_STACK)):
        yield "stack", "its stack is executable"
    if any(flag & WRITE and flag & EXECUTE for flag in elf.flags(PT_LOAD)):
        yield "wx", "it has memory that is both writable and executable"
    # What a static program needs is in it, also for the C library's own use: only its objects tell.
    dynamic = bool(elf.flags(PT_INTERP))
    if dynamic and "__stack_chk_fail" not in imports:
        yield "canary", "its functions have no stack protector"
    if dynamic and not any(name.endswith("_chk") for name in imports):
        yield "fortify", "it does not use the checked functions of the C library"
    # Debian's start-up code has no mark for it, so that the linker sets none: look at the code.
    main = [value for name, value in elf.symbols(2) if name == "main"]
    if elf.machine == 62 and elf.code_at(main[0] if main else 0, 4) != b"\xf3\x0f\x1e\xfa":
        yield "cet", "main() does not begin with endbr64: it was built without -fcf-protection"


def members(path):
    """Name and bytes of an object, or of each one in an archive."""
    data = path.read_bytes()
    if data[:8] != b"!<arch>\n":
        yield str(path), data
        return
    at = 8
    while at + 60 <= len(data):
        size = int(data[at + 48:at + 58])
        if data[at + 60:at + 64] == b"\x7fELF":
            name = data[at:at + 16].decode("ascii", "replace").rstrip("/ ")
            yield f"{path}({name})", data[at + 60:at + 60 + size]
        at += 60 + size + size % 2


def objects_lack(paths):
    """Each object is marked; the stack protector and the checked functions are used by some."""
    called = set()
    for name, data in (member for path in paths for member in members(pathlib.Path(path))):
        if data[:4] != b"\x7fELF":
            raise BadImage(f"{name} is no ELF object")
        elf = Elf(data)
        called.update(symbol for symbol, _ in elf.symbols(2))
        if elf.machine == 62 and elf.features() & 3 != 3:
            yield name, "cet", "it is not marked for IBT and SHSTK: built without -fcf-protection"
    if "__stack_chk_fail" not in called:
        yield "objects", "canary", "none has a stack protector"
    if not any(symbol.endswith("_chk") for symbol in called):
        yield "objects", "fortify", "none uses the checked functions of the C library"


def pe_lacks(path):
    WRITE, EXECUTE = 0x80000000, 0x20000000
    image = Image(path)
    pe = image.unpack("<I", 0x3C)[0]
    count, optional_size, characteristics = image.unpack("<H12xHH", pe + 6)
    dll_characteristics = image.unpack("<H", pe + 24 + 70)[0]
    relocations = image.directories[5] if len(image.directories) > 5 else (0, 0)
    if not dll_characteristics & 0x100:
        yield "nx", "its data may be executed (no NX_COMPAT)"
    if not dll_characteristics & 0x40 or characteristics & 1 or relocations[1] == 0:
        yield "aslr", "it is always loaded at the same address (no DYNAMIC_BASE, or no relocations)"
    if image.plus and (not dll_characteristics & 0x20 or not characteristics & 0x20):
        yield "entropy", "it is loaded below 4 GB (no HIGH_ENTROPY_VA)"
    for i in range(count):
        flags = image.unpack("<I", pe + 24 + optional_size + 40 * i + 36)[0]
        if flags & WRITE and flags & EXECUTE:
            yield "wx", "it has a section that is both writable and executable"
    if b"stack smashing detected" not in image.data:
        yield "canary", "its functions have no stack protector"
    for dll in sorted({dll for dll, _ in image.imports()}):
        if dll.lower().removesuffix(".dll") not in KNOWN_DLLS:
            yield "planting", f"it imports {dll}, which Windows looks for beside the program first"


def lacks(path):
    data = pathlib.Path(path).read_bytes()
    if data[:4] == b"\x7fELF":
        return list(elf_lacks(data))
    if data[:2] == b"MZ":
        return list(pe_lacks(path))
    raise BadImage("neither a Linux nor a Windows program")


def programs_lack(paths):
    for path in paths:
        for word, what in lacks(path):
            yield path, word, what


def main(arguments):
    found = objects_lack(arguments[1:]) if arguments[0] == "--objects" else programs_lack(arguments)
    status = 0
    try:
        for name, word, what in found:
            print(f"{name}: {word}: {what}")
            status = 1
    except (BadImage, OSError, struct.error, IndexError, ValueError) as error:
        print(error, file=sys.stderr)
        status = 2
    return status


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1:] == ["--objects"]:
        print("usage: hardening.py PROGRAM... | --objects OBJECT...", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
