"""Style sheets: every ``url()`` and ``@import`` led into the replay, all else as it was."""

from __future__ import annotations

import re
from typing import Final

from archive.replay.links import Links, Modifier

_STRING: Final = r""""(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'"""
_BARE: Final = r"""(?:\\(?:[0-9a-fA-F]{1,6}[ ]?|.)|[^"'()\s\\])++"""
_FOUND: Final = re.compile(
    rf"""/\*.*?(?:\*/|\Z)
    |(?P<import>@import\s*+(?:url\(\s*+)?)(?P<imported>{_STRING}|[^\s"'();]++)
    |(?P<url>\b(?:url|src)\(\s*+)(?P<target>{_STRING}|{_BARE})
    |(?P<set>\bimage-set\()(?P<images>(?:{_STRING}|[^"'()]|\([^()]*+\))*+)""",
    re.S | re.I | re.X,
)
_IN_SET: Final = re.compile(rf"(?<![(\w]){_STRING}")
_ESCAPE: Final = re.compile(r"\\([0-9a-fA-F]{1,6})[ \t\n]?|\\(.)", re.S)


def rewrite_style(css: str, links: Links) -> str:
    """Return ``css`` with its links led into the replay; comments stay as they are."""

    def led(found: re.Match[str]) -> str:
        if found["imported"] is not None:
            return found["import"] + _led(found["imported"], links, "cs_")
        if found["target"] is not None:
            return found["url"] + _led(found["target"], links, "im_")
        if found["images"] is not None:
            images = _IN_SET.sub(lambda one: _led(one[0], links, "im_"), found["images"])
            return found["set"] + rewrite_style(images, links)
        return found[0]

    return _FOUND.sub(led, css)


def _led(target: str, links: Links, modifier: Modifier) -> str:
    """Return a CSS string or bare address, led into the replay; ``about:blank`` where it may not be."""
    quote = target[0] if target[0] in "\"'" else ""
    link = _ESCAPE.sub(_character, target[1:-1] if quote else target)
    led = links.to(link, modifier)
    if led == link:
        return target
    safe = re.sub(r"[\"'()\\\s]", lambda found: f"%{ord(found[0]):02X}", led or "about:blank")
    return f"{quote}{safe}{quote}"


def _character(escape: re.Match[str]) -> str:
    if not escape[1]:
        return escape[2]
    number = int(escape[1], 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
