"""The words of a portal file: addresses, hosts, ids, languages and zones, and what was meant."""

from __future__ import annotations

import difflib
import re
from urllib.parse import SplitResult, urlsplit, urlunsplit
from zoneinfo import available_timezones

import idna
from babel import Locale

DEFAULT_PORTS = {"http": 80, "https": 443}
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")  # BCP 47, less its rarest forms


def web_url(url: str) -> str:
    """Return ``url`` as written, less its fragment and with a path; ValueError if not http(s)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no web address: {error}") from error
    if parts.scheme not in DEFAULT_PORTS or not host:
        hint = "" if parts.scheme else f', such as "https://{url.lstrip("/") or "example.org/"}"'
        raise ValueError(f"{url!r} is no web address; write one that begins with https://{hint}")
    if "@" in parts.netloc:
        raise ValueError("a user name or password is in the address; write it without")
    if re.search(r"\s", url):
        raise ValueError(f"{url!r} has a blank in it; write %20 or take it out")
    ascii_host(host)
    return urlunsplit(SplitResult(parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def ascii_host(host: str) -> str:
    """Return a host name in lower case and ASCII (IDNA 2008 with UTS 46 mapping).

    Raises ValueError for a name that cannot be one. A name that is ASCII already is not checked
    against IDNA: underscores and IP addresses are met in the wild.
    """
    host = host.rstrip(".").lower()
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"{host!r} is no host name: {error}") from error


def make_id(host: str) -> str:
    """Return an id made of a host or name, "" if nothing of it can stand in one.

    >>> make_id("www.Himachal-News.example")
    'himachal-news-example'
    """
    plain = re.sub(r"[^a-z0-9]+", "-", ascii_or_empty(host).removeprefix("www."))
    return plain.strip("-")[:63].rstrip("-")


def ascii_or_empty(host: str) -> str:
    """Return :func:`ascii_host`, or "" where there is none."""
    try:
        return ascii_host(host)
    except ValueError:
        return ""


def host_only(text: str) -> str:
    """Return a host name or address as ``hosts`` keeps it; ValueError if it says more."""
    try:
        parts = urlsplit(f"//{text}" if "//" not in text else text)
        host, port = ascii_host(parts.hostname or ""), parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no host name: {error}") from error
    bare = host if ":" not in host else f"[{host}]"
    if not host or re.search(r"[\s*/@]", text) or port is not None or parts.path:
        raise ValueError(f'{text!r} is no host name; write it alone, such as "{bare or "host"}"')
    return host


def language_named(text: str) -> str:
    """Return the tag that was probably meant by ``text``: "hi_IN", "Hindi" or "हिन्दी"."""
    if LANGUAGE.fullmatch(tag := text.replace("_", "-")):
        return tag
    for code, english in Locale("en").languages.items():
        if text.casefold() == english.casefold():
            return str(code).replace("_", "-")
    own_names = {"हिन्दी": "hi", "हिंदी": "hi", "मराठी": "mr", "नेपाली": "ne", "ਪੰਜਾਬੀ": "pa"}
    return own_names.get(text, "")


def zone_near(text: str) -> str:
    """Return the IANA zone nearest to ``text``, by its place alone if that is all there is."""
    wanted = text.replace(" ", "_").casefold()
    zones = sorted(available_timezones())
    for zone in zones:
        if wanted in (zone.casefold(), zone.rpartition("/")[2].casefold()):
            return zone
    names = {zone.casefold(): zone for zone in zones}
    places = {zone.rpartition("/")[2].casefold(): zone for zone in zones if "/" in zone}
    for known in (names, places):
        if near := difflib.get_close_matches(wanted, known, n=1, cutoff=0.75):
            return known[near[0]]
    return ""
