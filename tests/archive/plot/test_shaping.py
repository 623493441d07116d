"""Devanagari in a picture is what HarfBuzz makes of it: conjuncts, and signs on their side."""

from __future__ import annotations

import io
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import uharfbuzz
from matplotlib.figure import Figure
from numpy.typing import NDArray

from archive.plot.draw import style

FONT = Path(str(files("fontpkg_mukta"))) / "files" / "Mukta-Regular.ttf"
TEXTS = ("हिमाचल प्रदेश", "क्षेत्र", "राष्ट्रीय", "कि", "सर्वोच्च न्यायालय", "विद्यार्थी")
SIZE = 40  # points


def shaped(text: str) -> list[tuple[int, float, float]]:
    """Return the glyph, its x and the advance of the whole so far, in em, as HarfBuzz has them."""
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(FONT)))
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(uharfbuzz.Font(face), buffer)
    made, at = [], 0.0
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        x = at + place.x_offset
        at += place.x_advance
        made.append((info.codepoint, x / face.upem, at / face.upem))
    return made


def drawn(text: str, kind: str) -> bytes:
    with style():
        figure = Figure(figsize=(8, 1.2))
        figure.text(0.05, 0.35, text, fontsize=SIZE)
        into = io.BytesIO()
        figure.savefig(into, format=kind, dpi=72)
    return into.getvalue()


@pytest.mark.parametrize("text", TEXTS)
def test_an_svg_has_harfbuzz_s_glyphs_in_their_places(text: str) -> None:
    svg = drawn(text, "svg").decode()
    uses = re.findall(r'<use xlink:href="#Mukta-Regular-(\w+)"([^>]*)/>', svg)
    found = []
    for glyph, rest in uses:
        place = re.search(r"translate\((-?[\d.]+)", rest)
        found.append((int(glyph, 16), float(place[1]) if place else 0.0))
    wanted = [(glyph, x) for glyph, x, _ in shaped(text)]
    assert [glyph for glyph, _ in found] == [glyph for glyph, _ in wanted]
    last = max(range(len(wanted)), key=lambda n: wanted[n][1])
    unit = found[last][1] / wanted[last][1] if wanted[last][1] else 1  # of the SVG, in an em
    for (_, x), (_, em) in zip(found, wanted, strict=True):
        assert x == pytest.approx(em * unit, abs=unit / 50)


def ink(text: str) -> NDArray[np.bool_]:
    """Return where a PNG of ``text`` is dark, cropped to its columns."""
    import matplotlib.image

    grey = matplotlib.image.imread(io.BytesIO(drawn(text, "png")))[:, :, 0]
    dark = np.asarray(grey < 0.5)
    columns = np.flatnonzero(dark.any(axis=0))
    return dark[:, columns[0] : columns[-1] + 1]


def test_a_png_is_as_wide_as_harfbuzz_says() -> None:
    for text in TEXTS:
        width = shaped(text)[-1][2] * SIZE
        assert ink(text).shape[1] == pytest.approx(width, abs=SIZE / 6)


def test_the_sign_of_ki_stands_before_its_letter() -> None:
    letter, syllable = ink("क"), ink("कि")
    assert syllable.shape[1] > letter.shape[1] * 1.15
    below = slice(letter.shape[0] // 2, None)  # the sign's arch reaches over the letter
    height = np.flatnonzero(letter.any(axis=1))
    below = slice(int(height.mean()), int(height[-1]) + 1)
    width = letter.shape[1] - 6  # less the joint of the two
    right = syllable[below, -width:]
    same = (right == letter[below, -width:]).mean()
    assert same > 0.85
    left = syllable[below, :width]
    assert (left == letter[below, :width]).mean() < same - 0.1


def test_a_conjunct_is_one_shape() -> None:
    assert len(shaped("क्ष")) == 1
    assert ink("क्ष").shape[1] < ink("कष").shape[1] * 0.8
