#!/bin/sh
# The tray's icons are those that their script draws, and Windows XP can show each of them.
# Usage: icons.sh BUILD_DIR
set -eu

. "$(dirname "$0")/lib.sh"
begin "$1"
icons=$tests/../../watcher/notify/icons

expect 0 "the script draws" python3 "$icons/make_icons.py" .
for face in watching burst restart problem; do
    check "$face.ico is as it is drawn" cmp "$icons/$face.ico" "$face.ico"
    check "the frames of $face.ico" python3 - "$face.ico" << 'P'
import struct, sys
data = open(sys.argv[1], "rb").read()
frames = set()
for i in range(struct.unpack_from("<H", data, 4)[0]):
    width, height, _, _, _, bits, size, at = struct.unpack_from("<4BHHII", data, 6 + 16 * i)
    header, wide, high, _, depth = struct.unpack_from("<IiiHH", data, at)
    assert header == 40, "not a bitmap; PNG perhaps"
    assert wide == width == height and high == 2 * height and depth == bits
    assert at + size <= len(data)
    frames.add((width, bits))
assert frames == {(s, b) for s in (16, 20, 24, 32, 48) for b in (4, 8, 32)}, frames
P
done
finish
