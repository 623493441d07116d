"""A font that has Devanagari, and the shaping that puts its signs where they belong."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from importlib.util import find_spec

from matplotlib import font_manager, ft2font

from archive.errors import BadSetting

# In order of preference: the wheel's, then what systems bring.
_FAMILIES = (
    *("Mukta", "Noto Sans Devanagari", "Nirmala UI", "Kohinoor Devanagari", "Mangal"),
    *("Lohit Devanagari", "Devanagari MT", "Noto Serif Devanagari"),
)
_WHEEL = "fontpkg_mukta"


@cache
def families() -> tuple[str, ...]:
    """Return the families to write with: one that has Devanagari, and one for what it lacks.

    Raises ``BadSetting`` where there is none, or where matplotlib was built without libraqm, which
    would set कि with its sign on the wrong side.
    """
    if not getattr(ft2font, "__libraqm_version__", ""):
        raise BadSetting(
            "this matplotlib cannot shape Devanagari (it has no libraqm): "
            "pip install 'matplotlib>=3.11'"
        )
    _add_wheel()
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    for family in _FAMILIES:
        if family in known:
            return (family, "DejaVu Sans")
    raise BadSetting(
        "no font with Devanagari is installed: pip install fontpkg-mukta, "
        "or your system's Noto Sans Devanagari (Debian: apt install fonts-noto-core)"
    )


def _add_wheel() -> None:
    if find_spec(_WHEEL) is None:
        return
    with as_file(files(_WHEEL) / "files") as folder:
        for font in sorted(folder.glob("*.ttf")):
            font_manager.fontManager.addfont(font)
