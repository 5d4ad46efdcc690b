#!/usr/bin/env python3
"""Compares what dump_log reads in each sample log, and what tcpipwatch scan counts there, with the
sample's row in truth.tsv.

    truth.py DUMP_LOG TCPIPWATCH SAMPLES

Where the row says that tools disagree ("accept A..B"), a count from A to B will do. The first and
last times of the table are the earliest and the latest, since records are not ordered by time; where
the table had to take them from record headers (when a forwarded event was written, half a minute
after it was created), they are not compared. Of the channels it names only some.
"""

import csv
import json
import os
import re
import subprocess
import sys


def count_range(row):
    match = re.search(r"accept (\d+)\.\.(\d+)", row["notes"])
    if match:
        return int(match[1]), int(match[2])
    return int(row["records"]), int(row["records"])


def compare(row, records, complaints):
    def expect(what, got, good):
        if not good:
            complaints.append(f"{row['file']}: {what} is {got}, the table says {row.get(what)}")

    least, most = count_range(row)
    expect("records", len(records), least <= len(records) <= most)
    for code in (4226, 4227, 4231):
        got = sum(r["event_id"] == code and (r["provider"] or "").lower() == "tcpip"
                  for r in records)
        expect(f"e{code}", got, got == int(row[f"e{code}"]))
    times = [r["time"][:19] + "Z" for r in records if r["time"]]
    if row["first"] and "from the raw scan and header" not in row["notes"]:
        expect("first", min(times), min(times) == row["first"])
        expect("last", max(times), max(times) == row["last"])
    if row["channel"]:
        got = {r["channel"] for r in records}
        expect("channel", got, got >= set(row["channel"].split("|")))
    if least == most:
        numbers = [r["record"] for r in records]
        expect("order", "not ascending", numbers == sorted(numbers))


def compare_scan(row, watch, path, complaints):
    scan = subprocess.run([watch, "scan", "--json", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    summary = json.loads(scan.stdout.splitlines()[-1])["summary"]
    if summary["matches"] != int(row["e4226"]):
        complaints.append(f"{row['file']}: scan finds {summary['matches']} events 4226")
    if summary["ports"] != int(row["e4227"]) + int(row["e4231"]):
        complaints.append(f"{row['file']}: scan finds {summary['ports']} events 4227 and 4231")


def main():
    dump_log, watch, samples = sys.argv[1:]
    complaints = []
    rows = 0
    with open(os.path.join(samples, "truth.tsv"), encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            path = os.path.join(samples, row["file"])
            dump = subprocess.run([dump_log, path], stdout=subprocess.PIPE, check=False)
            lines = [json.loads(line) for line in dump.stdout.splitlines()]
            if dump.returncode != 0 or not lines:
                complaints.append(f"{row['file']}: dump_log ended with {dump.returncode}")
                continue
            compare(row, lines[:-1], complaints)
            compare_scan(row, watch, path, complaints)
            end = lines[-1]
            if end["incomplete"] or (end["damaged"] and "chunk-crc-bad" not in row["notes"]):
                complaints.append(f"{row['file']}: {end}")
            rows += 1
            print(f"{row['file']}: {end['records']} records, {end['damaged']} damaged")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints or rows == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
