#!/usr/bin/env python3
"""Line coverage of the modules that decide what is written, and when.

usage: coverage.py measure BUILD    reads the counters that the tests left in the build folder, and
                                    writes coverage.json and a table, coverage.txt, there
       coverage.py check BUILD      prints the table; exit status 1 when a module falls short
"""
import json
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
LEAST = 90.0  # percent of the lines

# What is measured: the code for Windows alone is not part of this build.
MODULES = {
    "patchcore": ("patchcore/",),
    "decoders": ("watcher/decode/",),
    "engine": ("watcher/engine",),
}


def files_of(report):
    """{path: (lines covered, lines)}"""
    counts = {}
    for file in report["files"]:
        lines = [line["count"] for line in file["lines"] if not line.get("gcovr/noncode")]
        counts[file["file"]] = (sum(count > 0 for count in lines), len(lines))
    return counts


def percent(covered, lines):
    return 100.0 * covered / lines if lines else 0.0


def table(counts):
    """The lines to print, and the complaints."""
    out, bad = [], []
    for module, starts in MODULES.items():
        members = {path: count for path, count in counts.items() if path.startswith(starts)}
        if not members and not any(SOURCE.glob(starts[0] + "*.c")):
            continue
        covered = sum(count[0] for count in members.values())
        lines = sum(count[1] for count in members.values())
        share = percent(covered, lines)
        out.append(f"{share:6.1f} %  {covered:5} of {lines:5} lines  {module}")
        for path, count in sorted(members.items(), key=lambda item: percent(*item[1])):
            if percent(*count) < LEAST:
                out.append(f"    {percent(*count):6.1f} %  {count[0]:5} of {count[1]:5}  {path}")
        if share < LEAST:
            bad.append(f"{module}: {share:.1f} % of the lines are covered, {LEAST:.0f} % are required")
    return out, bad


def measure(build):
    subprocess.run(
        ["gcovr", "--root", ".", "--object-directory", str(build), "--exclude", "tests/",
         "--json", str(build / "coverage.json"), str(build)],
        cwd=SOURCE, check=True)
    out, _ = table(files_of(json.loads((build / "coverage.json").read_text())))
    (build / "coverage.txt").write_text("\n".join(["line coverage:", *out, ""]))


def check(build):
    try:
        report = json.loads((build / "coverage.json").read_text())
    except FileNotFoundError:
        print("The coverage was not measured: the tests of the build for coverage failed.")
        return 1
    out, bad = table(files_of(report))
    print("\n".join(out + bad))
    return 1 if bad else 0


def main(args):
    if len(args) != 2 or args[0] not in ("measure", "check"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    build = pathlib.Path(args[1]).resolve()
    return check(build) if args[0] == "check" else measure(build)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
