"""What a page says of itself for machines: meta elements and JSON-LD.

Nothing is judged here but one thing: which of several JSON-LD articles is the page's own.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import regex
from lxml.html import HtmlElement

Node = Mapping[str, Any]

# Comments, CDATA marks and semicolons that hand-written templates leave around the object.
WRAPPING = regex.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|(?://\s*)?\]\]>|;)\s*$")
TRAILING_COMMA = regex.compile(r",(\s*[}\]])")
BAD_ESCAPE = regex.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
# A story's own node may hang under these; anything deeper (itemListElement, liveBlogUpdate,
# comment, hasPart, relatedLink) belongs to other stories.
OPEN_KEYS = ("@graph", "mainEntity", "mainEntityOfPage")
ARTICLE_TYPE = regex.compile(r"(?:Article|BlogPosting|MediaPosting|\bReport|Review)$")
PAGE_TYPE = regex.compile(r"(?:WebPage|ItemPage|VideoObject)$")
SALVAGE = {
    key: regex.compile(rf'"{key}"\s*:\s*"((?:[^"\\]|\\.){{1,400}})"')
    for key in ("headline", "datePublished", "dateModified", "articleSection")
}
SALVAGE_AUTHOR = regex.compile(
    r'"author"\s*:\s*[\[{][^\]}]{0,200}?"name"\s*:\s*"((?:[^"\\]|\\.){1,100})"'
)
NOT_LETTERS = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
SCHEME = regex.compile(r"^[a-z]+://(?:www\.|m\.|amp\.)?")
LONGEST = 10_000  # characters of a value that are looked at; a description has 2,000 at most
DEPTH = 6  # how far @graph and mainEntity may nest; real pages need three


def clean(value: object) -> str:
    """Return a string value unescaped (WordPress escapes twice) with white space folded."""
    if not isinstance(value, str):
        return str(value) if isinstance(value, int | float) else ""
    value = value[:LONGEST]
    if "&" in value:
        value = html.unescape(html.unescape(value))
    return " ".join(value.split())


def read_meta(metas: Iterable[HtmlElement]) -> dict[str, list[str]]:
    """Return the contents of meta elements by property, name or itemprop, in lower case."""
    found: dict[str, list[str]] = {}
    for meta in metas:
        content = clean(meta.get("content"))
        if not content:
            continue
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            name = meta.get(attribute)
            if name:
                found.setdefault(name.strip().lower(), []).append(content)
    return found


def read_json_ld(sources: Iterable[str]) -> list[Node]:
    """Return every object of the given JSON-LD texts that may stand for this page, flat.

    Mends what real pages break: control characters, comments, trailing commas, bad escapes,
    several objects in a row. What cannot be parsed at all gives an article with the few
    properties that can still be told by pattern.
    """
    nodes: list[Node] = []
    for source in sources:
        for value in _parse(source):
            nodes.extend(_flatten(value, DEPTH))
    return nodes


def _parse(source: str) -> Iterator[Any]:
    for mend in (str, _mend):
        try:
            yield from _objects(mend(source))
        except (ValueError, RecursionError):
            continue
        return
    salvaged = _salvage(source)
    if salvaged:
        yield salvaged


def _objects(text: str) -> list[Any]:
    decoder = json.JSONDecoder(strict=False)
    values, at, text = [], 0, text.strip()
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    return values


def _mend(source: str) -> str:
    text = source.strip().lstrip("\ufeff")
    for _ in range(3):
        text = WRAPPING.sub("", text).strip()
    return BAD_ESCAPE.sub(r"\\\\", TRAILING_COMMA.sub(r"\1", text))


def _salvage(source: str) -> Node | None:
    found: dict[str, Any] = {}
    for key, pattern in SALVAGE.items():
        if hit := pattern.search(source):
            found[key] = _unescape(hit[1])
    if hit := SALVAGE_AUTHOR.search(source):
        found["author"] = _unescape(hit[1])
    return {"@type": "Article", **found} if found else None


def _unescape(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _flatten(value: Any, depth: int) -> Iterator[Node]:
    if depth == 0:
        return
    if isinstance(value, list):
        for item in value:
            yield from _flatten(item, depth)
    elif isinstance(value, dict):
        yield value
        for key in OPEN_KEYS:
            yield from _flatten(value.get(key), depth - 1)


def types_of(node: Node) -> list[str]:
    """Return the ``@type`` words of a node without their vocabulary."""
    types = node.get("@type")
    words = types if isinstance(types, list) else [types]
    return [w.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for w in words if isinstance(w, str)]


def listed(value: Any) -> list[Any]:
    """Return a JSON-LD value as a flat list: one value and a list of one mean the same there."""
    if value is None:
        return []
    if not isinstance(value, list):
        return [value]
    return [inner for item in value for inner in (item if isinstance(item, list) else [item])]


def address_key(url: str) -> str:
    """Return what two addresses of one page share: no scheme, www, m, query or final slash."""
    bare = SCHEME.sub("", url.strip().lower())
    return bare.split("#", 1)[0].split("?", 1)[0].rstrip("/").removesuffix("/amp")


def letters(text: str) -> str:
    """Return only letters, marks and digits of ``text``, in lower case: for comparing titles."""
    return NOT_LETTERS.sub("", text).lower()


def choose_article(nodes: Sequence[Node], urls: Iterable[str], titles: Iterable[str]) -> Node:
    """Return the node of this page's own story, or an empty mapping.

    ``urls`` are the page's addresses, ``titles`` what the page calls itself outside JSON-LD.
    A node that names another address and another headline is another story, even if alone.
    """
    keys = {address_key(u) for u in urls if u}
    names = [n for n in map(letters, titles) if n]
    best: tuple[int, Node] = (0, {})
    for node in nodes:
        score = _own(node, keys, names)
        if score > best[0]:
            best = (score, node)
    return best[1]


def _own(node: Node, keys: set[str], names: list[str]) -> int:
    types = types_of(node)
    if any(ARTICLE_TYPE.search(t) for t in types):
        score = 4
    elif any(PAGE_TYPE.search(t) for t in types):
        score = 1
    else:
        return 0
    address = _addresses(node) & keys
    headline = letters(clean(node.get("headline")) or clean(node.get("name")))
    titled = any(headline in n or n in headline for n in names) if headline else False
    if not address and not titled and _addresses(node) and headline and names:
        return 0
    dated = bool(node.get("datePublished"))
    return score + 8 * bool(address) + 8 * titled + 2 * dated


def _addresses(node: Node) -> set[str]:
    found = set()
    for key in ("url", "@id", "mainEntityOfPage"):
        for value in listed(node.get(key)):
            address = value.get("@id") or value.get("url") if isinstance(value, dict) else value
            if isinstance(address, str) and address.startswith(("http", "//")):
                found.add(address_key(address))
    return found


def names_of(value: Any, index: Mapping[str, Node]) -> list[tuple[str, str]]:
    """Return ``(name, type)`` of persons or organizations; ``@id`` references are followed."""
    found = []
    for item in listed(value):
        if isinstance(item, str):
            found.append((clean(item), ""))
        elif isinstance(item, dict):
            if "name" not in item and isinstance(item.get("@id"), str):
                item = index.get(item["@id"], item)
            kind = next(iter(types_of(item)), "")
            found.extend((clean(name), kind) for name in listed(item.get("name")))
    return [(name, kind) for name, kind in found if name]


def address_of(value: Any, index: Mapping[str, Node]) -> str:
    """Return the first address that an image or page value gives, or ""."""
    for item in listed(value):
        if isinstance(item, str) and item.strip():
            return item.strip()
        if isinstance(item, dict):
            found = item.get("url") or item.get("contentUrl")
            if not found and isinstance(item.get("@id"), str):
                target = index.get(item["@id"], {})
                found = target.get("url") or target.get("contentUrl")
            for address in listed(found):
                if isinstance(address, str) and address.strip():
                    return address.strip()
    return ""


def crumbs_of(nodes: Iterable[Node]) -> list[tuple[str, str]]:
    """Return ``(name, address)`` of the first BreadcrumbList's steps, in order."""
    for node in nodes:
        for candidate in (
            node,
            *(v for v in listed(node.get("breadcrumb")) if isinstance(v, dict)),
        ):
            if "BreadcrumbList" in types_of(candidate):
                steps = [s for s in listed(candidate.get("itemListElement")) if isinstance(s, dict)]
                return [step for step in map(_crumb, steps) if step[0]]
    return []


def _crumb(step: Node) -> tuple[str, str]:
    item = step.get("item")
    inner = item if isinstance(item, dict) else {}
    address = inner.get("@id") or inner.get("url") or (item if isinstance(item, str) else "")
    name = clean(step.get("name")) or clean(inner.get("name"))
    return name, address if isinstance(address, str) else ""
