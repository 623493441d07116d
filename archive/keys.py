"""Names that two runs give alike: SURTs, and ids made from what a row is about.

An id is the first 63 bits of a SHA-256, so it fits a BIGINT, is the same after a rebuild and on
any machine, and never depends on the order in which things were landed. Among a hundred million
stories the chance of one collision is about 1 in 2,000.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import surt as _surt

# Parameters that say who sent the reader, never which story: stripped from a story's key only.
_TRACKING = frozenset(
    {"fbclid", "gclid", "dclid", "gclsrc", "yclid", "msclkid", "igshid", "mc_cid", "mc_eid", "_ga"}
    | {"ref_src", "cmpid"}
    | {f"utm_{what}" for what in ("source", "medium", "campaign", "term", "content", "id", "name")}
)
_AMP = frozenset({"amp", "outputtype"})


def ident(*parts: object) -> int:
    """Return the id of whatever ``parts`` name: 63 bits, never negative.

    >>> ident("a", 1) == ident("a", 1) != ident("a", 2)
    True
    """
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8]) >> 1


@lru_cache(maxsize=200_000)
def surt(url: str) -> str:
    """Return the SURT of ``url`` as CDXJ indexes spell it (IA canonicalization, no ``www``).

    An address that the rules cannot read is its own key.

    >>> surt("https://www.example.com/Khabar/?b=2&a=1")
    'com,example)/khabar?a=1&b=2'
    """
    try:
        return str(_surt.surt(url))
    except (ValueError, IndexError, UnicodeError):
        return url


def story_key(url: str) -> str:
    """Return the key that all addresses of one story share: SURT less tracking and AMP marks.

    >>> story_key("https://www.example.com/shimla/1234/amp/?utm_source=x")
    'com,example)/shimla/1234'
    """
    return _key(url, _TRACKING | _AMP, "/amp")


def address_key(url: str) -> str:
    """Return the key of an address: as :func:`story_key`, but an AMP page has its own.

    >>> address_key("https://www.example.com/shimla/1234/amp/?utm_source=x")
    'com,example)/shimla/1234/amp'
    """
    return _key(url, _TRACKING)


def _key(url: str, noise: frozenset[str], ending: str = "") -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return surt(url)
    query = parts.query
    if query:
        query = urlencode([(k, v) for k, v in parse_qsl(query, True) if k.lower() not in noise])
    path = parts.path.rstrip("/")
    if ending:
        path = path.removesuffix(ending).rstrip("/")
    return surt(urlunsplit((parts.scheme, parts.netloc, path or "/", query, "")))


def same_site(one: str, other: str) -> bool:
    """Tell whether two URLs stand on one host, ``www.``, ``m.`` and ``amp.`` aside."""
    return _host(one) == _host(other)


def _host(url: str) -> str:
    host = (urlsplit(url).hostname or "").lower()
    for prefix in ("www.", "m.", "amp."):
        host = host.removeprefix(prefix)
    return host


def canonical(url: str, declared: str) -> str:
    """Return the address that names the story read at ``url``: ``declared``, where it can be true.

    A ``rel=canonical`` to another host names a copy's source, not this story; one that names the
    home page from a story below it is a template's mistake and would fold all stories into one.
    """
    if not declared:
        return url
    try:
        there, here = urlsplit(declared), urlsplit(url)
        if there.scheme not in ("http", "https") or not same_site(url, declared):
            return url
    except ValueError:
        return url
    to_root = not unquote(there.path).strip("/") and not there.query
    from_root = not unquote(here.path).strip("/") and not here.query
    return url if to_root and not from_root else declared
