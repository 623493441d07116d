"""Pictures of the portal: hills under a sky, small and quickly made."""

from __future__ import annotations

import struct
import zlib

FULL = (640, 360)
SIZES = ((320, 180),)  # beside the full size, as WordPress cuts them


def picture(number: int, width: int = 64, height: int = 36) -> bytes:
    """Return a PNG of hills under a sky, its colours and ridges drawn from ``number``."""
    sky = bytes((150 + number * 37 % 100, 170 + number * 53 % 80, 225))
    hill = bytes((30 + number * 29 % 90, 90 + number * 41 % 80, 50 + number * 17 % 60))
    scale = max(1, width // 64)
    rises = [abs((x // scale * (2 + number % 5) + number * 7) % 24 - 12) // 2 for x in range(width)]
    drawn = {  # rows are alike above, between and below the ridge's seven heights
        step: b"\0" + b"".join(hill if step > rise else sky for rise in rises) for step in range(8)
    }
    steps = (min(7, max(0, -(-(y - height // 2) // scale))) for y in range(height))
    return _png(width, height, b"".join(drawn[step] for step in steps))


def icon(side: int = 32) -> bytes:
    """Return the portal's sign, a white mountain on red, as a PNG."""
    red, white = bytes((179, 38, 30)), bytes((255, 255, 255))
    rows = (
        b"\0" + b"".join(white if abs(2 * x - side) < y < side - 4 else red for x in range(side))
        for y in range(side)
    )
    return _png(side, side, b"".join(rows))


def favicon() -> bytes:
    """Return the sign as an ICO file, which holds a PNG."""
    png = icon(32)
    entry = struct.pack("<BBBBHHII", 32, 32, 0, 0, 1, 24, len(png), 6 + 16)
    return struct.pack("<HHH", 0, 1, 1) + entry + png


def paper(side: int = 24) -> bytes:
    """Return the pattern behind the masthead: pale lines from left below to right above."""
    pale, white = bytes((246, 236, 234)), bytes((255, 255, 255))
    rows = (
        b"\0" + b"".join(pale if (x + y) % 12 < 3 else white for x in range(side))
        for y in range(side)
    )
    return _png(side, side, b"".join(rows))


def _png(width: int, height: int, rows: bytes) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows, 1))
        + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
