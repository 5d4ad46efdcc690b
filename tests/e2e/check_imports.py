#!/usr/bin/env python3
"""Checks that Windows programs will load on XP SP2 (i686) or XP x64 (x86_64).

usage: check_imports.py [--list] EXE...

Reads the PE headers and the import tables and prints one line for each thing that XP lacks.
The names come from tests/data/xp-exports (see the README there). --list also prints what each
file imports. Exit status: 0 everything loads, 1 something does not, 2 wrong usage.
"""
import pathlib
import struct
import sys

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "xp-exports"

# machine -> (name in the lists, highest version of Windows that the header may ask for)
MACHINES = {
    0x014C: ("i386", (5, 1), "XP SP2"),
    0x8664: ("x86_64", (5, 2), "XP x64"),
}


class BadImage(Exception):
    pass


class Image:
    """The few parts of a PE file that the loader looks at."""

    def __init__(self, path):
        self.data = pathlib.Path(path).read_bytes()
        if self.data[:2] != b"MZ":
            raise BadImage("not a Windows program")
        pe = self.unpack("<I", 0x3C)[0]
        if self.data[pe:pe + 4] != b"PE\0\0":
            raise BadImage("no PE header")
        self.machine, sections = self.unpack("<HH", pe + 4)
        optional_size = self.unpack("<H", pe + 20)[0]
        opt = pe + 24
        magic = self.unpack("<H", opt)[0]
        if magic not in (0x10B, 0x20B):
            raise BadImage(f"unknown optional header 0x{magic:x}")
        self.plus = magic == 0x20B
        self.base = self.unpack("<Q", opt + 24)[0] if self.plus else self.unpack("<I", opt + 28)[0]
        self.os_version = self.unpack("<HH", opt + 40)
        self.subsystem_version = self.unpack("<HH", opt + 48)
        directories = opt + (112 if self.plus else 96)
        count = self.unpack("<I", directories - 4)[0]
        self.directories = [self.unpack("<II", directories + 8 * i) for i in range(min(count, 16))]
        self.sections = []
        for i in range(sections):
            vsize, va, rsize, raw = self.unpack("<IIII", opt + optional_size + 40 * i + 8)
            self.sections.append((va, max(vsize, rsize), raw, rsize))

    def unpack(self, form, offset):
        try:
            return struct.unpack_from(form, self.data, offset)
        except struct.error:
            raise BadImage(f"cut short at offset {offset}") from None

    def offset(self, rva):
        for va, size, raw, rsize in self.sections:
            if va <= rva < va + size and rva - va < rsize:
                return raw + rva - va
        raise BadImage(f"address 0x{rva:x} is in no section")

    def text(self, rva):
        start = self.offset(rva)
        end = self.data.find(b"\0", start)
        if end < 0:
            raise BadImage(f"text at 0x{rva:x} has no end")
        return self.data[start:end].decode("ascii", "backslashreplace")

    def thunks(self, rva, base=0):
        """The names (or ordinals, as numbers) in one list of thunks."""
        size, form, high = (8, "<Q", 1 << 63) if self.plus else (4, "<I", 1 << 31)
        at = self.offset(rva)
        while True:
            value = self.unpack(form, at)[0]
            if value == 0:
                return
            yield value & 0xFFFF if value & high else self.text(value - base + 2)
            at += size

    def directory(self, index):
        return self.directories[index][0] if index < len(self.directories) else 0

    def imports(self):
        """(DLL, name or ordinal) of all imports, the delayed ones included."""
        rva = self.directory(1)
        if rva:
            at = self.offset(rva)
            while True:
                lookup, _, _, dll, thunks = self.unpack("<IIIII", at)
                if dll == 0:
                    break
                for name in self.thunks(lookup or thunks):
                    yield self.text(dll), name
                at += 20
        rva = self.directory(13)
        if rva:
            at = self.offset(rva)
            while True:
                attributes, dll, _, _, names = self.unpack("<IIIII", at)
                if dll == 0:
                    break
                # Attribute bit 0 says that addresses are relative; old tools wrote absolute ones.
                base = 0 if attributes & 1 else self.base
                for name in self.thunks(names - base, base):
                    yield self.text(dll - base), name
                at += 32


def read_names(path):
    """{name: set of architectures, empty for all} of one list."""
    names = {}
    for line in path.read_text(encoding="ascii").splitlines():
        words = line.split()
        if words:
            names[words[0]] = set(words[1:])
    return names


def read_deny():
    denied = {}
    for line in (DATA / "deny.txt").read_text(encoding="ascii").splitlines():
        words = line.split("#")[0].split()
        if words:
            denied[(words[0], words[1])] = set(words[2:])
    return denied


def check(path, denied, show):
    """The complaints about one file, and how much it imports."""
    image = Image(path)
    if image.machine not in MACHINES:
        raise BadImage(f"machine 0x{image.machine:04x} is neither i386 nor x86_64")
    arch, highest, windows = MACHINES[image.machine]
    bad = []
    for what, version in (("operating system", image.os_version), ("subsystem", image.subsystem_version)):
        if version > highest:
            bad.append(f"asks for {what} version {version[0]}.{version[1]}, {windows} is {highest[0]}.{highest[1]}")
    count = 0
    lists = {}
    for dll, name in image.imports():
        count += 1
        if show:
            print(f"{path}: {dll} {name}")
        key = dll.lower().removesuffix(".dll")
        if key not in lists:
            file = DATA / f"{key}.txt"
            if key.startswith(("api-ms-", "ext-ms-")):
                bad.append(f"imports {dll}, which came with Windows 7 or later")
                lists[key] = None
            elif not dll.lower().endswith(".dll") or key == "deny" or not file.is_file():
                bad.append(f"imports {dll}, which is not known to be part of {windows}")
                lists[key] = None
            else:
                lists[key] = read_names(file)
        if lists[key] is None:
            continue
        if isinstance(name, int):
            bad.append(f"imports ordinal {name} of {dll}: only imports by name can be checked")
            continue
        # An empty set of architectures stands for all of them.
        archs = lists[key].get(name)
        if archs is None or (archs and arch not in archs):
            bad.append(f"imports {name} from {dll}, which {windows} does not export")
        elif (key, name) in denied and (not denied[(key, name)] or arch in denied[(key, name)]):
            bad.append(f"imports {name} from {dll}, which {windows} lacks (it came later; see deny.txt)")
    return bad, f"{arch}, {count} imports from {len(lists)} DLLs, all in {windows}"


def main(args):
    show = "--list" in args
    files = [a for a in args if a != "--list"]
    if not files or any(a.startswith("-") for a in files):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    denied = read_deny()
    failed = False
    for path in files:
        try:
            bad, summary = check(path, denied, show)
        except (BadImage, OSError) as error:
            bad = [str(error)]
        for line in bad:
            print(f"{path}: {line}")
        if bad:
            failed = True
        else:
            print(f"{path}: ok ({summary})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
