#!/usr/bin/env python3
"""Prints one table of what the reliability tests of one build or several have tried, from the
figures that they left in the folders, and fails when those of a test are missing, when it tried
nothing, or when anything was torn, lost, left behind or otherwise wrong, or crashed.

usage: reliability_summary.py BUILD...

A build lists its tests in BUILD/figures.txt; each writes BUILD/figures/TEST, lines of name and
number: points (of failure), kills (and power cuts), runs (of a fuzzer), covered (its edges), events,
torn, lost, left, wrong, crashes; or "skipped 1" where the machine does not allow it.
"""
import pathlib
import sys

TRIED = ("points", "kills", "runs", "covered", "events")
BAD = ("torn", "lost", "left", "wrong", "crashes")
ROW = "{:34}{:>12}{:>11}{:>11}{:>9}{:>11}{:>6}{:>6}{:>6}{:>7}{:>9}"


def read(path):
    """{name: number}; None where there is no such file or it is torn."""
    try:
        pairs = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        return {name: int(number) for name, number in pairs}
    except (OSError, ValueError):
        return None


def judge(figures):
    """What is wrong with them; "" when nothing is."""
    if figures is None:
        return "it left no figures: it was not run, or not to its end"
    if figures.get("skipped"):
        return ""
    if not any(figures.get(name) for name in TRIED):
        return "it has tried nothing"
    bad = [f"{figures[name]} {name}" for name in BAD if figures.get(name)]
    return ", ".join(bad)


def show(name, figures):
    cells = [figures.get(key, "") for key in TRIED + BAD]
    print(ROW.format(name, *cells))


def main(builds):
    total = dict.fromkeys(TRIED + BAD, 0)
    complaints = []
    print(ROW.format("test", "failures", "kills", "fuzz runs", "covered", "events", *BAD))
    for build in map(pathlib.Path, builds):
        listed = build / "figures.txt"
        for name in listed.read_text(encoding="utf-8").split() if listed.exists() else []:
            figures = read(build / "figures" / name)
            label = f"{build.name}.{name}"
            wrong = judge(figures)
            if wrong:
                complaints.append(f"{label}: {wrong}")
            if figures is None or figures.get("skipped"):
                print(f"{label:34}{'missing' if figures is None else 'skipped':>12}")
                continue
            show(label, figures)
            for key in total:
                total[key] += figures.get(key, 0)
    show("all", total)
    for complaint in complaints:
        print(f"FAILED: {complaint}")
    return 1 if complaints or not any(total[name] for name in TRIED) else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("usage: reliability_summary.py BUILD...", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
