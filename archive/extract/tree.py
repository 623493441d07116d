"""Bytes of a page → one lxml tree, whatever the bytes claim to be."""

from __future__ import annotations

import codecs
import re

import lxml.html
from charset_normalizer import from_bytes
from lxml import etree

from archive.errors import Unreadable

# A news page has 1,000 to 8,000 elements; the largest of 400 real pages had 21,000. Beyond this
# a tree costs seconds and hundreds of megabytes: the fallback reads the page as plain text.
MOST_ELEMENTS = 60_000
MOST_BYTES = 20_000_000
# libxml2 looks for duplicates among one tag's attributes in quadratic time: 500,000 of them did
# not end in ten minutes. No real tag has a hundred.
MOST_ATTRIBUTES = 2_000

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_LOOKS_HTML = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|div|p|article|section|table|h1|a\s)[\s>/]?",
    re.I,
)
_LOOKS_XML = re.compile(
    rb"^\s*<(?:\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<?(?:rss|feed|urlset|sitemapindex|rdf)\b",
    re.I | re.S,
)
_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_WRAPPER = re.compile(
    rb"</?(?!(?:p|a|h[1-6]|br|li|html|head|body|title|meta|script|style|link|img)\b)[a-z][^<>]*>",
    re.I,
)
_LONG_TAG = re.compile(rb"<[A-Za-z][^<>]{4000,}")
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")
_CONTROLS = bytes([*range(9), 11, *range(14, 32)])
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\ufffe\uffff]")


def is_html(payload: bytes, content_type: str = "") -> bool:
    """Tell whether ``payload`` is to be read as HTML: by its media type, else by its look."""
    media = content_type.partition(";")[0].strip().lower()
    if payload.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        payload = decode(payload[:65536]).encode()
    head = payload[:4096]
    if media and media not in _HTML_TYPES:
        return False
    return not _LOOKS_XML.match(head) and bool(_LOOKS_HTML.search(payload[:65536]))


def decode(payload: bytes, content_type: str = "") -> str:
    """Return the characters of ``payload``; never raises.

    A BOM wins; then UTF-8 wherever the bytes are valid UTF-8, whatever was declared (a page that
    declares ISO-8859-1 and sends UTF-8 is the most common lie); then the declared charset of the
    header or the meta tag; then a guess from the bytes.
    """
    for bom, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if payload.startswith(bom):
            return payload[len(bom) :].decode(name, "replace")
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as error:
        # A page cut or broken in a few places is still UTF-8.
        text = payload.decode("utf-8", "replace")
        lost = text.count("\ufffd")
        if error.start > 0 and lost * 200 < sum(byte > 127 for byte in payload[:200_000]):
            return text
    for name in _declared(payload, content_type):
        try:
            return payload.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    best = from_bytes(payload[:20_000]).best()
    return payload.decode(best.encoding if best else "utf-8", "replace")


def shorten(payload: bytes) -> bytes:
    """Return the page with a tag of more than 2,000 attributes stripped of them all."""
    return _LONG_TAG.sub(_bare, payload)


def flat(payload: bytes) -> bytes:
    """Return the page without wrappers: paragraphs, headings, items and links are left."""
    return _WRAPPER.sub(b"<br>", payload)


def _bare(tag: re.Match[bytes]) -> bytes:
    if len(_QUOTED.sub(b"", tag.group()).split()) <= MOST_ATTRIBUTES:
        return tag.group()
    return tag.group().split(None, 1)[0]


def _as_utf8(payload: bytes, content_type: str) -> bytes:
    """Return the page in UTF-8 without the control characters at which libxml2 stops."""
    payload = shorten(payload)
    clean = payload.translate(None, _CONTROLS)
    if len(clean) == len(payload):
        try:
            payload.decode("utf-8")
            return payload
        except UnicodeDecodeError:
            pass
    return _CONTROL.sub("", decode(payload, content_type)).encode("utf-8", "replace")


def _declared(payload: bytes, content_type: str) -> list[str]:
    named = _CHARSET.findall(content_type)
    named += [name.decode("ascii") for name in _META_CHARSET.findall(payload[:4096])]
    # What the web calls ISO-8859-1 is windows-1252 (WHATWG Encoding, "names and labels").
    return [
        "cp1252" if name.lower() in {"iso-8859-1", "latin1", "ascii", "us-ascii"} else name
        for name in named
    ]


def read_tree(payload: bytes, content_type: str = "") -> lxml.html.HtmlElement:
    """Return the ``html`` element of the page; comments and processing instructions are gone.

    Raises ``Unreadable`` where the page is too large to be read as a tree, or is no tree at all.
    """
    if len(payload) > MOST_BYTES:
        raise Unreadable(f"{len(payload):,} bytes of HTML, more than {MOST_BYTES:,}")
    if payload.count(b"<") - payload.count(b"</") > MOST_ELEMENTS:
        raise Unreadable(f"more than {MOST_ELEMENTS:,} elements")
    source = _as_utf8(payload, content_type)
    tree = _parse(source)
    # Elements beyond libxml2's depth are lost, text and all: read again without the wrappers.
    tree = tree if tree is not None else _parse(flat(source))
    if tree is None:
        raise Unreadable("elements nested more than 2,048 deep")
    return tree


def _parse(source: bytes) -> lxml.html.HtmlElement | None:
    """Return the tree of a page in UTF-8; None where it is nested too deep."""
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
    )
    # lxml.html looks up a class for every element in Python; one class serves us and costs nothing.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement))
    try:
        tree = lxml.html.document_fromstring(source, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError) as error:
        raise Unreadable(f"no tree in the page: {error}") from error
    if tree.tag != "html":
        raise Unreadable("no html element")
    if any("Excessive depth" in error.message for error in parser.error_log):
        return None
    return tree
