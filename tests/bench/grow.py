"""Makes a large .evtx log of a real one: its chunks again and again, numbered on, checksums and the
file's header right (others read just as many chunks as the header says).

    grow.py LOG OUT MEGABYTES
"""
import struct
import sys
import zlib

HEADER, CHUNK, CHUNK_HEADER = 4096, 65536, 512


def renumber(chunk, number):
    """Numbers the records from `number` on. Returns the number behind the last one."""
    free = struct.unpack_from("<I", chunk, 48)[0]
    first, at = number, CHUNK_HEADER
    while at < free and chunk[at : at + 4] == b"**\0\0":
        struct.pack_into("<Q", chunk, at + 8, number)
        number += 1
        at += struct.unpack_from("<I", chunk, at + 4)[0]
    struct.pack_into("<QQQQ", chunk, 8, first, number - 1, first, number - 1)
    struct.pack_into("<I", chunk, 52, zlib.crc32(chunk[CHUNK_HEADER:free]))
    sums = zlib.crc32(chunk[128:CHUNK_HEADER], zlib.crc32(chunk[:120]))
    struct.pack_into("<I", chunk, 124, sums)
    return number


def describe(header, chunk_count, next_number):
    """Puts into the file's header what it says of the chunks; the log counts as closed."""
    struct.pack_into("<QQQ", header, 8, 0, chunk_count - 1, next_number)
    struct.pack_into("<H", header, 42, min(chunk_count, 0xFFFF))
    struct.pack_into("<II", header, 120, 0, zlib.crc32(header[:120]))


def main():
    log = open(sys.argv[1], "rb").read()
    chunks = [bytearray(log[at : at + CHUNK]) for at in range(HEADER, len(log) - CHUNK + 1, CHUNK)]
    chunks = [c for c in chunks if c[:8] == b"ElfChnk\0" and struct.unpack_from("<I", c, 48)[0] > CHUNK_HEADER]
    header = bytearray(log[:HEADER])
    number, size, wanted = 1, HEADER, int(sys.argv[3]) * 1000000
    with open(sys.argv[2], "wb") as out:
        out.write(header)
        while size < wanted:
            for chunk in chunks:
                number = renumber(chunk, number)
                out.write(chunk)
                size += CHUNK
        describe(header, (size - HEADER) // CHUNK, number)
        out.seek(0)
        out.write(header)
    print(number - 1)


main()
