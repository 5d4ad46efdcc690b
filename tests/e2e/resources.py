#!/usr/bin/env python3
"""Reads back the version, the manifest and the subsystem of Windows programs.

usage: resources.py VERSION LEVEL SUBSYSTEM PROGRAM...

VERSION is what the version resource has to say, LEVEL the execution level of the manifest
(asInvoker or requireAdministrator), SUBSYSTEM gui or console. Prints one line for each thing that
is not as it should be. Exit status: 0 all is well, 1 it is not, 2 wrong usage.
"""
import pathlib
import sys
import xml.etree.ElementTree

import pefile

SUBSYSTEMS = {"gui": 2, "console": 3}
ARCHITECTURES = {0x14C: "x86", 0x8664: "amd64"}
# What the manifest names; without its own a Windows since Vista takes the program for an older one.
SYSTEMS = {
    "{e2011457-1546-43c5-a5fe-008deee3d3f0}": "Vista",
    "{35138b9a-5d96-4fbd-8e2d-a2440225f93a}": "7",
    "{4a2f28e3-53b9-4441-ba9c-d69d4a4a6e38}": "8",
    "{1f676c76-80e1-4239-95bb-83d0f6d0da78}": "8.1",
    "{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}": "10",
}


def four_numbers(version):
    numbers = [int(part) for part in version.split(".")]
    return tuple((numbers + [0] * 4)[:4])


def texts(image):
    """The strings of the version resource."""
    found = {}
    for info in getattr(image, "FileInfo", []):
        for part in info:
            for table in getattr(part, "StringTable", []):
                for key, value in table.entries.items():
                    found[key.decode("utf-8")] = value.decode("utf-8")
    return found


def manifests(image):
    for kind in getattr(image, "DIRECTORY_ENTRY_RESOURCE").entries:
        if kind.id != 24:  # RT_MANIFEST
            continue
        for name in kind.directory.entries:
            for language in name.directory.entries:
                data = language.data.struct
                yield name.id, image.get_data(data.OffsetToData, data.Size)


def version_faults(image, path, version):
    owner = "the tcpipwatch authors"
    expected = {
        "FileVersion": version,
        "ProductVersion": version,
        "ProductName": "tcpipwatch",
        "CompanyName": owner,
        "InternalName": path.stem,
        "OriginalFilename": path.name,
    }
    found = texts(image)
    for key, value in expected.items():
        if found.get(key) != value:
            yield f"{key} is {found.get(key)!r}, not {value!r}"
    if not found.get("FileDescription"):
        yield "it has no FileDescription"
    if not found.get("LegalCopyright", "").endswith(owner):
        yield f"LegalCopyright is {found.get('LegalCopyright')!r}"
    fixed = image.VS_FIXEDFILEINFO[0]
    for kind in ("File", "Product"):
        high = getattr(fixed, f"{kind}VersionMS")
        low = getattr(fixed, f"{kind}VersionLS")
        numbers = (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF)
        if numbers != four_numbers(version):
            yield f"its {kind.lower()} version is {numbers}"


def manifest_faults(image, level):
    found = list(manifests(image))
    if [number for number, _ in found] != [1]:
        yield f"its manifests have the numbers {[number for number, _ in found]}, not 1 alone"
        return
    root = xml.etree.ElementTree.fromstring(found[0][1])
    parts = {}
    for part in root.iter():
        parts.setdefault(part.tag.rpartition("}")[2], []).append(part)
    levels = [part.get("level") for part in parts.get("requestedExecutionLevel", [])]
    if levels != [level]:
        yield f"its execution level is {levels}, not {level}"
    systems = {part.get("Id").lower() for part in parts.get("supportedOS", [])}
    for name in sorted(SYSTEMS[system] for system in SYSTEMS.keys() - systems):
        yield f"its manifest does not name Windows {name}"
    if not any((part.text or "").startswith("true") for part in parts.get("dpiAware", [])):
        yield "its manifest does not say that it draws sharp at high resolutions"
    own = root.find("{urn:schemas-microsoft-com:asm.v1}assemblyIdentity")
    architectures = ("*", ARCHITECTURES[image.FILE_HEADER.Machine])
    if own is None or own.get("processorArchitecture") not in architectures:
        yield "its manifest is for another processor"


def faults(path, version, level, subsystem):
    image = pefile.PE(str(path))
    if image.OPTIONAL_HEADER.Subsystem != SUBSYSTEMS[subsystem]:
        yield f"its subsystem is {image.OPTIONAL_HEADER.Subsystem}, not that of {subsystem}"
    if not hasattr(image, "DIRECTORY_ENTRY_RESOURCE") or not hasattr(image, "VS_FIXEDFILEINFO"):
        yield "it has no version resource"
        return
    yield from version_faults(image, path, version)
    yield from manifest_faults(image, level)


def main(arguments):
    if len(arguments) < 4 or arguments[2] not in SUBSYSTEMS:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    version, level, subsystem = arguments[:3]
    status = 0
    for name in arguments[3:]:
        for fault in faults(pathlib.Path(name), version, level, subsystem):
            print(f"{name}: {fault}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
