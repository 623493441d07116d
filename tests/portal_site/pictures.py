"""Small pictures and the stylesheet, so that the portal looks like one."""

from __future__ import annotations

import struct
import zlib

STYLE = """
body{margin:0;font:16px/1.6 "Noto Sans Devanagari",sans-serif;color:#222;background:#f4f4f4}
.site-header{background:#fff;border-bottom:4px solid #b3261e;padding:12px 5%}
.site-title{font-size:2em;font-weight:700;margin:0}.site-title a{color:#b3261e;text-decoration:none}
.site-description{margin:0;color:#777}.menu{list-style:none;padding:0;margin:8px 0 0;display:flex;flex-wrap:wrap;gap:14px}
.container{display:flex;flex-wrap:wrap;gap:24px;padding:20px 5%}.content-area,.section-block-upper{flex:3 1 560px}
.em-breadcrumbs{flex-basis:100%}.trail-items,.cat-links{list-style:none;display:flex;gap:8px;padding:0;margin:0}
.sidebar-area{flex:1 1 240px}.widget,.af-single-article,.error-404{background:#fff;padding:16px;margin-bottom:18px}
.row,.af-container-row{display:flex;flex-wrap:wrap;gap:14px}.latest-posts-grid{flex:1 1 190px;max-width:260px;background:#fff;padding:8px}
figure{margin:0}img{max-width:100%;height:auto}.entry-title{line-height:1.3}a{color:#14508c}
.page-numbers,.post-page-numbers{margin-right:8px}.posts-date,.posts-author{color:#777;margin-right:10px;font-size:.85em}
.site-footer{background:#222;color:#ccc;padding:16px 5%}.screen-reader-text{position:absolute;left:-9999px}
"""


def picture(number: int, width: int = 64, height: int = 36) -> bytes:
    """Return a PNG of hills under a sky, its colours and ridges drawn from ``number``."""
    sky = (150 + number * 37 % 100, 170 + number * 53 % 80, 225)
    hill = (30 + number * 29 % 90, 90 + number * 41 % 80, 50 + number * 17 % 60)
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # no filter
        for x in range(width):
            ridge = height // 2 + abs((x * (2 + number % 5) + number * 7) % 24 - 12) // 2
            rows += bytes(hill if y > ridge else sky)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(bytes(rows)))
        + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
