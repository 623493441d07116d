"""JSON that may be cut short: the whole objects of its list are kept."""

from __future__ import annotations

import json
import re
from typing import Any

MAX_CHARS = 10_000_000  # an object takes twenty times the room of its text
MAX_ITEMS = 20_000  # a REST page holds at most 100, a feed a few thousand

Object = dict[str, Any]


def read_items(text: str, key: str = "") -> tuple[Object, list[Object], str]:
    """Return a JSON document's top object, the objects of its list, and what was wrong.

    ``key`` names the list inside the top object; without it, the document is the list itself (the
    top object is then empty, or the document if it was no list). A document that ends early gives
    the objects that were whole.
    """
    try:
        whole = json.loads(text[:MAX_CHARS])
    except (ValueError, RecursionError) as error:
        return _salvaged(text[:MAX_CHARS], key, error)
    top: Object = whole if isinstance(whole, dict) else {}
    items = top.get(key) if key else whole
    kept = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return top, kept[:MAX_ITEMS], ""


def _salvaged(text: str, key: str, error: Exception) -> tuple[Object, list[Object], str]:
    problem = "JSON nested too deeply" if isinstance(error, RecursionError) else "JSON ends early"
    opening = re.search(rf'"{key}"\s*:\s*\[' if key else r"\[", text[:65_536])
    if opening is None:
        return {}, [], problem
    top: Object = {}
    if key:
        try:
            top = json.loads(text[: opening.start()].rstrip().rstrip(",") + "}")
        except (ValueError, RecursionError):
            pass
    return top if isinstance(top, dict) else {}, _whole_objects(text, opening.end()), problem


def _whole_objects(text: str, at: int) -> list[Object]:
    decoder, items = json.JSONDecoder(), list[Object]()
    while len(items) < MAX_ITEMS and (start := text.find("{", at)) >= 0:
        if text[at:start].strip(" \t\r\n,"):
            break  # the list is over
        try:
            item, at = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        items.append(item)
    return items


def string(value: object) -> str:
    """Return ``value`` if it is a string, else ""."""
    return value if isinstance(value, str) else ""
