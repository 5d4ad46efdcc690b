#!/usr/bin/env python3
"""Draws the icons of the tray, one file for each face: python3 make_icons.py [FOLDER]

The faces differ in their outline and in what is drawn on it, so that they are told apart without
colour: a disc with an eye (watching), a triangle with an exclamation mark (a burst was seen), a
square with an arrow that goes round (a restart is to come), an octagon with a cross (a problem).

Each file holds every size as a bitmap of 32, 8 and 4 bits a pixel. Windows XP cannot show frames that
are compressed as PNG, and takes the 8 or 4 bits where the screen has no more.
"""
import math
import pathlib
import struct
import sys

SIZES = (48, 32, 24, 20, 16)
SAMPLES = 5  # in each direction of a pixel

# The 16 colours that every Windows display has.
SIXTEEN = [
    (0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128),
    (192, 192, 192), (128, 128, 128), (255, 0, 0), (0, 255, 0), (255, 255, 0), (0, 0, 255),
    (255, 0, 255), (0, 255, 255), (255, 255, 255),
]

WHITE = (255, 255, 255)
BLACK = (0, 0, 0)


# ---- shapes: signed distances on a canvas from -1 to 1, y downwards; negative is inside ----

def disc(x, y, radius):
    return math.hypot(x, y) - radius


def polygon(x, y, corners, radius=0.0):
    """Corners in clockwise order, rounded outwards."""
    distance = 9.0
    inside = True
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1]):
        ex, ey = bx - ax, by - ay
        px, py = x - ax, y - ay
        part = min(1.0, max(0.0, (px * ex + py * ey) / (ex * ex + ey * ey)))
        distance = min(distance, math.hypot(px - ex * part, py - ey * part))
        inside = inside and ex * py - ey * px >= 0
    return (-distance if inside else distance) - radius


def line(x, y, ax, ay, bx, by, radius):
    ex, ey = bx - ax, by - ay
    part = min(1.0, max(0.0, ((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey)))
    return math.hypot(x - ax - ex * part, y - ay - ey * part) - radius


def triangle(x, y):
    return polygon(x, y, [(0.0, -0.76), (0.80, 0.74), (-0.80, 0.74)], 0.16)


def octagon(x, y):
    corners = [
        (0.90 * math.cos(math.radians(a)), 0.90 * math.sin(math.radians(a)))
        for a in (22.5, 67.5, 112.5, 157.5, 202.5, 247.5, 292.5, 337.5)
    ]
    return polygon(x, y, corners, 0.04)


def square(x, y):
    return polygon(x, y, [(-0.68, -0.68), (0.68, -0.68), (0.68, 0.68), (-0.68, 0.68)], 0.22)


def eye(x, y):
    almond = max(math.hypot(x, y - 0.52) - 0.94, math.hypot(x, y + 0.52) - 0.94)
    return max(almond, 0.25 - math.hypot(x, y))


def mark(x, y):
    stroke = polygon(x, y, [(-0.10, -0.36), (0.10, -0.36), (0.06, 0.20), (-0.06, 0.20)], 0.06)
    return min(stroke, math.hypot(x, y - 0.52) - 0.155)


def arrow(x, y):
    angle = math.degrees(math.atan2(y, x)) % 360.0
    ring = abs(math.hypot(x, y) - 0.46) - 0.115
    if 270.0 < angle < 342.0:  # the gap, in which the head stands
        ring = 9.0
    head = polygon(x, y, [(-0.02, -0.84), (0.42, -0.46), (-0.02, -0.08)])
    return min(ring, head)


def cross(x, y):
    return min(line(x, y, -0.36, -0.36, 0.36, 0.36, 0.13), line(x, y, -0.36, 0.36, 0.36, -0.36, 0.13))


class Face:
    def __init__(self, outline, glyph, fill, edge, ink, classic):
        self.outline, self.glyph = outline, glyph
        self.colours = (fill, edge, ink)
        self.classic = classic  # the same three of the sixteen


FACES = {
    "watching": Face(lambda x, y: disc(x, y, 0.95), eye,
                     (36, 113, 196), (14, 58, 112), WHITE, ((0, 0, 255), (0, 0, 128), WHITE)),
    "burst": Face(triangle, mark,
                  (255, 190, 30), (128, 82, 0), BLACK, ((255, 255, 0), (128, 128, 0), BLACK)),
    "restart": Face(square, arrow,
                    (34, 139, 74), (10, 76, 36), WHITE, ((0, 128, 0), BLACK, WHITE)),
    "problem": Face(octagon, cross,
                    (208, 38, 38), (110, 8, 8), WHITE, ((255, 0, 0), (128, 0, 0), WHITE)),
}


def part_at(face, x, y, size):
    """Which of the three colours is there: 0, 1 or 2; None outside."""
    distance = face.outline(x, y)
    if distance > 0:
        return None
    if face.glyph(x, y) <= 0:
        return 2
    return 1 if distance > -max(0.10, 2.0 / size) else 0


def draw(face, size, samples, colours):
    """Rows from the top, each pixel red, green, blue, alpha; smooth when there are many samples."""
    rows = []
    for row in range(size):
        pixels = []
        for column in range(size):
            counts = [0, 0, 0]
            for sample in range(samples * samples):
                x = (column + (sample % samples + 0.5) / samples) * 2.0 / size - 1.0
                y = (row + (sample // samples + 0.5) / samples) * 2.0 / size - 1.0
                part = part_at(face, x, y, size)
                if part is not None:
                    counts[part] += 1
            covered = sum(counts)
            if covered == 0:
                pixels.append((0, 0, 0, 0))
                continue
            mixed = tuple(
                round(sum(counts[i] * colours[i][c] for i in range(3)) / covered) for c in range(3)
            )
            pixels.append(mixed + (round(covered * 255 / (samples * samples)),))
        rows.append(pixels)
    return rows


def classic(face, size, colours):
    """Without half-transparent pixels: each has the colour of its larger part."""
    rows = []
    for row in draw(face, size, SAMPLES, colours):
        rows.append([pixel[:3] + (255 if pixel[3] >= 128 else 0,) for pixel in row])
    return rows


def nearest(colour, palette):
    return min(range(len(palette)), key=lambda i: sum((a - b) ** 2 for a, b in zip(colour, palette[i])))


def pack(indices, bits):
    """A row: the first pixel in the highest bits, filled up to 4 bytes."""
    value = 0
    for index in indices:
        value = value << bits | index
    filled = -len(indices) * bits % 32
    return (value << filled).to_bytes((len(indices) * bits + filled) // 8, "big")


def frame(rows, bits):
    size = len(rows)
    palette = []
    pixels = b""
    if bits == 32:
        for row in reversed(rows):
            pixels += b"".join(struct.pack("<4B", b, g, r, a) for r, g, b, a in row)
    else:
        if bits == 4:
            palette = SIXTEEN
        else:
            used = {pixel[:3] for row in rows for pixel in row if pixel[3]}
            palette = sorted(used | {BLACK})
            while len(palette) > 256:  # colours that differ least become one
                palette = sorted({tuple(c // 8 * 8 for c in colour) for colour in palette})
        for row in reversed(rows):
            pixels += pack([nearest(p[:3] if p[3] else BLACK, palette) for p in row], bits)
    mask = b"".join(pack([int(p[3] == 0) for p in row], 1) for row in reversed(rows))
    table = b"".join(struct.pack("<4B", b, g, r, 0) for r, g, b in palette)
    if palette:
        table += bytes(4 * ((1 << bits) - len(palette)))
    header = struct.pack("<IiiHHIIiiII", 40, size, size * 2, 1, bits, 0, len(pixels) + len(mask),
                         0, 0, 0, 0)
    return header + table + pixels + mask


def icon(face):
    frames = []
    for size in SIZES:
        frames.append((size, 32, frame(draw(face, size, SAMPLES, face.colours), 32)))
        frames.append((size, 8, frame(classic(face, size, face.colours), 8)))
        frames.append((size, 4, frame(classic(face, size, face.classic), 4)))
    directory = struct.pack("<HHH", 0, 1, len(frames))
    at = 6 + 16 * len(frames)
    for size, bits, data in frames:
        colours = 16 if bits == 4 else 0
        directory += struct.pack("<4BHHII", size, size, colours, 0, 1, bits, len(data), at)
        at += len(data)
    return directory + b"".join(data for _, _, data in frames)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for name, face in FACES.items():
        (folder / f"{name}.ico").write_bytes(icon(face))


if __name__ == "__main__":
    main()
