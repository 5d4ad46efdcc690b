"""Compares what the patch core says about test images with what pefile reads.

Usage: images.py EXPECTED HEADERS INSPECTED, in the folder of the images, or images.py INSPECTED
EXPECTED has a file and its status on each line, HEADERS a file, its version and its machine,
INSPECTED the JSON lines of inspect_image. INSPECTED alone may be of any PE files: their machine,
version and checksum are compared, up to a size that pefile reads soon enough.
"""

import json
import struct
import sys

import pefile

# Published: patchcore/builds.c names the sources.
CHECKSUMS = {
    "2180.sys": 0x6126E,
    "2180-set-200.sys": 0x6132C,
    "2180-set-1000.sys": 0x6164C,
    "2180-set-16777214.sys": 0x61362,
    "2685.sys": 0x646DB,
    "2685-set-16777214.sys": 0x647CF,
    "2892gdr.sys": 0x5F865,
    "2892gdr-set-1000.sys": 0x5FC43,
    "unnamed.sys": 0x627C8,
}
LIMIT_OFFSETS = {"2180.sys": 0x4F322, "2685.sys": 0x4F5A2, "2827.sys": 0x4F5A2,
                 "2892gdr.sys": 0x4F5A2, "2892qfe.sys": 0x4F7C6}
SECTIONS = {".text", ".rdata", ".data", "PAGE", "INIT", ".rsrc", ".reloc"}
# Drivers have a section for their start that is both, and that the system throws away.
HARMLESS = "Both IMAGE_SCN_MEM_WRITE and IMAGE_SCN_MEM_EXECUTE are set"

SOON_ENOUGH = 200000  # bytes

failures = []


def check(path, what, got, expected):
    if got != expected:
        failures.append(f"{path}: {what} is {got!r}, expected {expected!r}")


def file_version(pe):
    info = pe.VS_FIXEDFILEINFO[0]
    high, low = info.FileVersionMS, info.FileVersionLS
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"


def original_name(pe):
    for entry in pe.FileInfo[0]:
        for table in getattr(entry, "StringTable", []):
            return table.entries.get(b"OriginalFilename", b"").decode()
    return ""


def open_resources(path):
    pe = pefile.PE(path, fast_load=True)
    pe.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
    return pe


def machine(pe):
    return pefile.MACHINE_TYPE[pe.FILE_HEADER.Machine][len("IMAGE_FILE_MACHINE_"):].lower()


def check_checksum(path, said, pe):
    check(path, "checksum_computed", said["checksum_computed"], pe.generate_checksum())
    check(path, "checksum_stored", said["checksum_stored"], pe.OPTIONAL_HEADER.CheckSum)
    if said["status"] != "damaged":
        check(path, "verify_checksum()", pe.verify_checksum(), True)


def check_image(path, said, thorough):
    pe = pefile.PE(path, fast_load=True)
    names = ["IMPORT", "RESOURCE"] + (["BASERELOC", "EXCEPTION", "IAT"] if thorough else [])
    pe.parse_data_directories([pefile.DIRECTORY_ENTRY[f"IMAGE_DIRECTORY_ENTRY_{n}"] for n in names])
    check_checksum(path, said, pe)
    check(path, "machine", said["machine"], machine(pe))
    check(path, "sections", SECTIONS - {s.Name.rstrip(b"\0").decode() for s in pe.sections}, set())
    check(path, "warnings", [w for w in pe.get_warnings() if HARMLESS not in w], [])
    has_version = hasattr(pe, "VS_FIXEDFILEINFO")
    check(path, "version", said["version"], file_version(pe) if has_version else None)
    check(path, "imports", [len(d.imports) for d in pe.DIRECTORY_ENTRY_IMPORT], [8])
    if thorough:  # thousands of relocations take their time
        relocations = sum(len(block.entries) for block in pe.DIRECTORY_ENTRY_BASERELOC)
        check(path, "more than 100 relocations", relocations > 100, True)
    if said["limit"] is not None:
        value, = struct.unpack_from("<I", pe.__data__, said["limit_offset"])
        check(path, "limit", said["limit"], value)


def check_any(path, said):
    pe = open_resources(path)
    check(path, "checksum_computed", said["checksum_computed"], pe.generate_checksum())
    check(path, "checksum_stored", said["checksum_stored"], pe.OPTIONAL_HEADER.CheckSum)
    check(path, "machine", said["machine"], machine(pe))
    has_version = hasattr(pe, "VS_FIXEDFILEINFO")
    check(path, "version", said["version"], file_version(pe) if has_version else None)
    return has_version


def finish(count, versions):
    for failure in failures:
        print("FAILED:", failure)
    print(f"{count} images compared, {versions} with a version, {len(failures)} differences")
    return 1 if failures else 0


def main_any(inspected):
    with open(inspected, encoding="utf-8") as lines:
        said = [line for line in map(json.loads, lines) if line["size"] <= SOON_ENOUGH]
    versions = sum(check_any(line["path"], line) for line in said)
    check("all", "at least 50 images with a version", versions >= 50, True)
    return finish(len(said), versions)


def main():
    if len(sys.argv) == 2:
        return main_any(sys.argv[1])
    with open(sys.argv[1], encoding="ascii") as lines:
        expected = dict(line.rstrip("\n").split("\t") for line in lines)
    with open(sys.argv[2], encoding="ascii") as lines:
        headers = [line.rstrip("\n").split("\t") for line in lines]
    with open(sys.argv[3], encoding="utf-8") as lines:
        inspected = {said["path"]: said for said in map(json.loads, lines)}
    built = {path for path, _, _ in headers}
    check("all", "inspected files", sorted(inspected), sorted(expected))
    for path, status in expected.items():
        said = inspected[path]
        check(path, "status", said["status"], status)
        check(path, "reason is given", said["reason"] is None, status in ("original", "patched"))
        if not path.startswith("cut"):
            check_image(path, said, path in built)
    for path, version, machine in headers:
        check(path, "version", inspected[path]["version"], version)
        check(path, "machine", inspected[path]["machine"], machine)
        check(path, "OriginalFilename", original_name(open_resources(path)), "tcpip.sys")
    for path, checksum in CHECKSUMS.items():
        check(path, "published checksum", inspected[path]["checksum_stored"], checksum)
    for path, offset in LIMIT_OFFSETS.items():
        check(path, "limit_offset", inspected[path]["limit_offset"], offset)
    for path in ("2180.sys", "2180-set-1000.sys"):
        check(path, "build", inspected[path]["build"], "5.1.2600.2180")
    return finish(len(expected), sum(said["version"] is not None for said in inspected.values()))


if __name__ == "__main__":
    sys.exit(main())
