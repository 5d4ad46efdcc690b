#!/usr/bin/python3
"""Compares dump_log's fields of every record of an .evtx file with another reader's.

    peers.py DUMP_LOG TCPIPWATCH libevtx|python-evtx LOG

Debian's Python is named above since the peers are Debian's modules. Every record that the peer can
read has to be read, with the same fields; times are compared as precisely as the peer writes them.
What "tcpipwatch scan" finds, the events of the limit and those of ports that run out, is compared
with what the peer's records have.
"""

import datetime
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

NAMESPACE = "{http://schemas.microsoft.com/win/2004/08/events/event}"
KEYS = ("record", "event_id", "qualifiers", "level", "channel", "provider", "computer")

# What each peer is known not to read. The count is that of the log's records.
# no_template_wec.evtx: a forwarded event as literal binary XML, whose elements have no dependency
# identifier since they are in no template definition ([MS-EVEN6] 4.4). Both expect one.
UNREADABLE = {("libevtx", "no_template_wec.evtx"): 1, ("python-evtx", "no_template_wec.evtx"): 1}


def number(text):
    text = (text or "").strip()
    return int(text, 0) if text else None


def fields(event, number_in_header=None):
    """One <Event> as a dictionary of scan's keys."""
    def child(name):
        return event.find(f"{NAMESPACE}System/{NAMESPACE}{name}")

    def text(name):
        element = child(name)
        return (element.text or None) if element is not None else None

    record = number(text("EventRecordID"))
    event_id = child("EventID")
    return {
        "record": record if record is not None else number_in_header,
        "event_id": number(event_id.text),
        "qualifiers": number(event_id.get("Qualifiers")),
        "level": number(text("Level")),
        "channel": text("Channel"),
        "provider": child("Provider").get("Name") or None,
        "computer": text("Computer"),
        "time": child("TimeCreated").get("SystemTime"),
    }


def parse(text):
    # Only System matters, and libevtx leaves out declarations of prefixes behind it.
    system = re.search(r"<System>.*?</System>", text, re.DOTALL)
    text = f'<Event xmlns="{NAMESPACE[1:-1]}">{system[0]}</Event>'
    # References to characters that XML 1.0 forbids occur in event data.
    text = re.sub(r"&#(x0*1?[0-9a-fA-F]|0*[12]?[0-9]|0*3[01]);", " ", text)
    return ElementTree.fromstring(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", text))


def read_libevtx(path):
    export = subprocess.run(["evtxexport", "-f", "xml", path], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, check=False)
    text = export.stdout.decode("utf-8", "replace")
    for event in re.findall(r"<Event\b.*?</Event>(?=\s*(?:<Event\b|\Z))", text, re.DOTALL):
        yield fields(parse(event))


def read_python_evtx(path):
    from Evtx import Evtx
    with Evtx.Evtx(path) as log:
        for record in log.records():
            try:
                yield fields(parse(record.xml()), record.record_num())
            except Exception as error:  # whatever it cannot read
                print(f"    {path}: python-evtx cannot read {record.record_num()}: "
                      f"{type(error).__name__}: {error}")


def moment(text):
    """A time as 100 ns steps."""
    match = re.match(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?", text)
    fraction = match[7] or ""
    day = datetime.date(int(match[1]), int(match[2]), int(match[3])).toordinal()
    seconds = ((day * 24 + int(match[4])) * 60 + int(match[5])) * 60 + int(match[6])
    return seconds * 10**7 + int((fraction + "0000000")[:7])


def same_time(ours, theirs, peer):
    # python-evtx reckons in floating point and cuts to the microsecond.
    return abs(moment(ours) - moment(theirs)) <= (20 if peer == "python-evtx" else 0)


def found(watch, path, theirs):
    """Whether scan finds the events of Tcpip that the peer's records have."""
    scan = subprocess.run([watch, "scan", "--json", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    lines = [json.loads(line) for line in scan.stdout.splitlines()]
    summary = lines[-1]["summary"]
    listed = sorted((line["event_id"], line["record"]) for line in lines if "event_id" in line)
    expected = sorted((record["event_id"], record["record"]) for record in theirs
                      if (record["provider"] or "").lower() == "tcpip"
                      and record["event_id"] in (4226, 4227, 4231))
    matches = sum(code == 4226 for code, _ in expected)
    print(f"{path}: {matches} events 4226, {len(expected) - matches} of ports")
    return (listed == expected and summary["matches"] == matches and
            summary["ports"] == len(expected) - matches)


def main():
    dump_log, watch, peer, path = sys.argv[1:]
    dump = subprocess.run([dump_log, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False)
    ours = [json.loads(line) for line in dump.stdout.splitlines()][:-1]
    by_number = {}
    for record in ours:
        by_number.setdefault(record["record"], []).append(record)
    read = {"libevtx": read_libevtx, "python-evtx": read_python_evtx}[peer]
    theirs = []
    wrong = 0
    for record in read(path):
        theirs.append(record)
        candidates = by_number.get(record["record"], [])
        good = any(all(c[key] == record[key] for key in KEYS) and
                   same_time(c["time"], record["time"], peer) for c in candidates)
        if not good:
            wrong += 1
            if wrong <= 5:
                print(f"    {path}: {peer} says\n        {record}\n    and dump_log\n"
                      f"        {candidates}")
    missing = UNREADABLE.get((peer, path), 0)
    print(f"{path}: {peer} {len(theirs)} records, dump_log {len(ours)}, {wrong} differ")
    same = not wrong and len(theirs) + missing == len(ours) and dump.returncode == 0
    if not found(watch, path, theirs):
        print(f"    {path}: tcpipwatch scan finds others")
        same = False
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
