"""Hostile XML made tame: bounded in bytes, elements and time; no DTD, no entities, no network."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import urljoin

from lxml import etree

MAX_BYTES = 50 * 1024 * 1024  # sitemaps.org: 50 MB uncompressed
PIECE = 65_536  # characters that are mended at a time
MAX_MEMBERS = 100  # of a gzip file; each costs a copy of what follows it
MAX_OPENING = 20_000  # characters of a root tag that is repeated before single records
MAX_RECORDS = 200_000  # an item without an address costs time too
MAX_RECORD = 100_000  # elements inside one item; a tree node costs far more than its tag
MAX_RECORD_CHARS = 5_000_000
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0, 2.2
_REFERENCES = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&#(?:\d{1,7}|x[0-9a-fA-F]{1,6});|&(?:([A-Za-z][A-Za-z0-9]{1,30});)?",
    re.S,
)
# Unescaped HTML in a title; a <br> left open would swallow the link that follows it.
_STRAY = re.compile(r"</?(?:br|hr|img|wbr|b|i|u|em|strong|span|font|p|div|a)\b[^<>]*>", re.I)
_TAME: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,  # keeps libxml2's own limits: depth 256, text 10 MB
    "remove_comments": True,
    "remove_pis": True,
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
Element = etree._Element


def unpacked(payload: bytes, limit: int = MAX_BYTES) -> tuple[bytes, str]:
    """Return at most ``limit`` bytes of ``payload``, gunzipped if it is gzip, and what was wrong.

    Never holds more than ``limit`` bytes of output, whatever a bomb promises. A gzip file that
    ends early or is damaged gives what came before.
    """
    if not payload.startswith(b"\x1f\x8b"):
        return payload[:limit], _over(len(payload), limit)
    inflated, size, problem = list[bytes](), 0, ""
    try:
        for _ in range(MAX_MEMBERS):
            member = zlib.decompressobj(31)
            inflated.append(member.decompress(payload, limit + 1 - size))
            size += len(inflated[-1])
            if not member.eof and size <= limit:
                problem = "gzip ends early"
            payload = member.unused_data
            if not payload.startswith(b"\x1f\x8b") or size > limit:
                break
        else:
            problem = "too many gzip members; the rest was not read"
    except zlib.error as error:
        problem = f"damaged gzip ({error})"
    return b"".join(inflated)[:limit], problem or _over(size, limit)


def text_of(payload: bytes, charset: str = "") -> tuple[str, str]:
    """Return the text of a payload, :func:`unpacked` and :func:`decoded`, and what was wrong."""
    data, problem = unpacked(payload)
    return decoded(data, charset), problem


def _over(size: int, limit: int) -> str:
    return f"longer than {limit:,} bytes; the rest was not read" if size > limit else ""


def decoded(data: bytes, charset: str = "") -> str:
    """Return the text of ``data``: by byte order mark, then whichever charset fits the bytes.

    ``charset`` is what the server said. UTF-8 comes first, since text that decodes as UTF-8 is
    UTF-8 whatever the declaration says, a stray byte or a cut character in it included; bytes
    that fit nothing become U+FFFD.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    text = data.decode("utf-8", "replace")
    strays = text.count("\ufffd")
    if not strays or strays * 10 <= len(text) - len(text.encode("ascii", "ignore")) - strays:
        return text
    declared = _DECLARED.match(data[:400])
    for name in filter(None, (declared[1].decode() if declared else "", charset)):
        try:
            return _strict(data, name)
        except (LookupError, ValueError):  # an unknown charset, or bytes that do not fit it
            continue
    return data.decode("windows-1252", "replace")  # as browsers do


def _strict(data: bytes, name: str) -> str:
    if name.lower() in ("iso-8859-1", "latin-1", "latin1"):
        name = "windows-1252"  # WHATWG Encoding: what is labelled latin-1 is windows-1252
    if not codecs.lookup(name)._is_text_encoding:
        raise LookupError(name)
    return data.decode(name)


@dataclass(frozen=True, slots=True)
class Document:
    """An XML document from its root tag on: what precedes it, DTD included, is never parsed.

    ``text`` is as it came; it is mended as it is read. ``opening`` is the root's start tag as it stands in ``text``; ``records`` are the local names
    of what it lists.
    """

    root: str
    records: frozenset[str]
    opening: str
    text: str
    problem: str = ""


def open_document(text: str, roots: frozenset[str], records: frozenset[str]) -> Document | None:
    """Find the root element among ``roots`` (local names) and cut the text to whole records.

    Junk before the root (blank lines, a PHP warning) and after its end is dropped. Where the end
    is missing, the text is cut after the last whole record, so that half an address is never
    taken for one. None if no such root comes before any HTML.
    """
    if (start := find_root(text[:65_536], roots)) is None:
        return None
    prefix, root = start["prefix"] or "", start["root"]
    opened = text.find(">", start.end()) + 1
    end, problem = _last_end(text, f"{prefix}{root}"), ""
    if end < 0 and text[opened - 2 : opened] != "/>":
        end, problem = _last_end(text, _any_of(records)), "ends early"
    opening = text[start.start() : opened]
    return Document(root, records, opening, text[start.start() : max(end, opened)], problem)


def find_root(head: str, roots: frozenset[str]) -> re.Match[str] | None:
    """Match the opening tag of one of ``roots`` in ``head``, unless a page begins before it.

    Other tags may come first only where ``<?xml`` follows them: a PHP warning above a feed.
    """
    found = re.search(rf"<(?P<prefix>[\w-]+:)?(?P<root>{'|'.join(sorted(roots))})(?=[\s/>])", head)
    if found is None:
        return None
    before = re.sub(r"<!--.*?(?:-->|\Z)", "", head[: found.start()], flags=re.S)
    page = re.search(r"<(?:html|!doctype\s+html|head|body)\b", before, re.I)
    stray = re.search(r"<[a-z]", before, re.I) and "<?xml" not in before
    return None if page or stray else found


def _any_of(names: frozenset[str]) -> str:
    return rf"(?:[\w-]+:)?(?:{'|'.join(sorted(names))})"


def _last_end(text: str, name: str) -> int:
    """Return where the last closing tag of ``name`` (an expression) ends, -1 if there is none."""
    end = -1
    for match in re.finditer(rf"</{name}\s*>", text):
        end = match.end()
    return end


class _Mended:
    """A document's text as a file of UTF-8, with what XML forbids taken out or escaped.

    It is mended piece by piece: of 50 MB of ``&`` a list of all pieces would take gigabytes.
    """

    def __init__(self, text: str) -> None:
        self._parts = _mended(text)

    def read(self, _size: int) -> bytes:
        """Return the next piece, b"" at the end."""
        return next(self._parts, b"")


def _mended(text: str) -> Iterator[bytes]:
    """Yield the text in pieces of some 64 KB, none of them empty."""
    parts, size = list[str](), 0
    for part in _parts(text):
        parts.append(part)
        size += len(part)
        if size >= PIECE:
            yield from _encoded("".join(parts))
            parts, size = [], 0
    yield from _encoded("".join(parts))


def _parts(text: str) -> Iterator[str]:
    """Yield what XML takes as it is, at most PIECE at a time, and escaped what it does not."""
    at = 0
    for match in chain(_REFERENCES.finditer(text), (None,)):
        end = match.start() if match else len(text)
        for start in range(at, end, PIECE):
            yield text[start : min(start + PIECE, end)]
        if match:
            yield _escaped(match)
            at = match.end()


def _encoded(piece: str) -> Iterator[bytes]:
    if allowed := _ILLEGAL.sub("", piece):
        yield allowed.encode("utf-8", "replace")


def _escaped(match: re.Match[str]) -> str:
    """Escape every ``&`` that XML has no use for: a bare one, or HTML's ``&nbsp;``."""
    whole, name = match[0], match[1]
    if whole == "&" or (name and name not in ("amp", "lt", "gt", "quot", "apos")):
        return f"&amp;{whole[1:]}"
    return whole  # a CDATA section, a numeric reference, one of XML's own five


def shallow(document: Document, problems: list[str]) -> Iterator[Element]:
    """Yield the root, when it opens, then each child of the root or of its ``channel``, whole.

    A yielded child is emptied when the next is asked for: memory holds one record. Where the
    document stops being well-formed (a ``<br>`` in a title), the records from there on are read
    one by one, so that a fault spoils one record and not the rest. What went wrong is appended to
    ``problems``.
    """
    read = 0
    try:
        for element in _well_formed(document):
            read += local(element) in document.records
            if read > MAX_RECORDS:
                problems.append(f"only the first {MAX_RECORDS:,} entries were read")
                return
            yield element
    except etree.XMLSyntaxError as error:
        if not document.problem:
            problems.append(f"not well-formed ({error.msg})"[:300])
    except _TooMany:
        problems.append("an entry has too many elements; the rest was not read")
        return
    else:
        return
    yield from _one_by_one(document, read)


class _TooMany(Exception):
    """A record is too large a tree."""


def _well_formed(document: Document) -> Iterator[Element]:
    """Yield as :func:`shallow` does; ``XMLSyntaxError`` at the first fault."""
    depth = inside = 0
    for event, element in etree.iterparse(_Mended(document.text), events=("start", "end"), **_TAME):
        if event == "start":
            depth, inside = depth + 1, inside + 1
            if inside > MAX_RECORD:
                raise _TooMany
            if depth == 1:
                yield element
            continue
        depth -= 1
        parent = element.getparent()
        if parent is None or depth > 2 or (depth == 2 and local(parent) != "channel"):
            continue
        if local(element) != "channel":
            yield element
        inside = 0
        element.clear()
        while element.getprevious() is not None:
            del parent[0]


def _one_by_one(document: Document, skip: int) -> Iterator[Element]:
    """Yield the records after the first ``skip``, each parsed alone and leniently."""
    text, names = document.text, _any_of(document.records)
    opening, before = re.compile(rf"<{names}(?=[\s/>])"), 0
    root_tag = document.opening if len(document.opening) <= MAX_OPENING else f"<{document.root}>"
    for number, end in enumerate(re.finditer(rf"</{names}\s*>", text)):
        starts = [start.start() for start in opening.finditer(text, before, end.start())]
        before = end.end()
        if number < skip or not starts or end.end() - starts[-1] > MAX_RECORD_CHARS:
            continue
        if number > MAX_RECORDS:
            return
        alone = root_tag + _STRAY.sub(" ", text[starts[-1] : end.end()])
        parser = etree.XMLParser(recover=True, **_TAME)
        root = etree.fromstring(b"".join(_mended(alone)), parser)
        if root is not None and len(root):
            yield root[0]


def local(element: Element) -> str:
    """Return an element's name without namespace or undeclared prefix."""
    return _parted(element.tag)[1]


def namespace(element: Element) -> str:
    """Return an element's namespace, else its undeclared prefix, "" if it has neither."""
    return _parted(element.tag)[0]


@lru_cache(maxsize=1024)  # a sitemap asks for the same five names 250,000 times
def _parted(tag: str) -> tuple[str, str]:
    space, _, name = str(tag).rpartition("}")  # the tag of an entity's node is a function
    prefix, _, name = name.rpartition(":")
    return space.lstrip("{") or prefix, name


def content(element: Element) -> str:
    """Return all text inside an element."""
    return "".join(str(part) for part in element.itertext())


def base_of(element: Element, url: str) -> str:
    """Return the address that relative ones inside ``element`` resolve against (XML Base)."""
    chain = [element, *element.iterancestors()]
    for ancestor in reversed(chain):
        if base := ancestor.get(_XML_BASE):
            try:
                url = urljoin(url, base)
            except ValueError:
                continue
    return url
