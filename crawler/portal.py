"""The declaration of a portal: one validated TOML file, and where such files are kept."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit
from zoneinfo import available_timezones

import idna
import tomlkit
from babel import Locale
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails

from archive.errors import BadSetting
from archive.portal import Portal

BUNDLED = Path(__file__).parent / "portals"
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_URLS = ("feeds", "sitemaps", "sections")

Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Budget = Annotated[int, Field(gt=0)] | None


class Declaration(BaseModel):
    """What an archivist says about one portal; docs/portals.md explains every key.

    All URLs are absolute http(s) without fragment; a file may write them relative to ``home``.
    Host names are in lower case and ASCII (IDNA), without a port.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: str
    name: str = ""
    home: str
    language: str = ""
    timezone: str = ""
    theme: str = ""
    hosts: tuple[str, ...] = Field(default_factory=lambda known: _home_hosts(known), min_length=1)
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    rest: str = ""
    skip: tuple[str, ...] = ()
    robots: Literal["obey", "ignore"] = "obey"
    delay: Seconds = 1.0
    concurrency: Annotated[int, Field(ge=1, le=16)] = 2
    timeout: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 30.0
    max_bytes: Annotated[int, Field(gt=0)] = 20_000_000
    max_pages: Budget = None
    max_minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    max_depth: Budget = None
    max_total_bytes: Budget = None
    contact: str = ""
    private_addresses: tuple[str, ...] = ()
    revisits: bool = True

    def facts(self) -> Portal:
        """Return what a reader of this portal's pages must know."""
        return Portal(self.id, self.name, self.home, self.timezone, self.language)

    def covers(self, url: str) -> bool:
        """Tell whether ``url`` is http(s) on one of ``hosts``, at a usual port or the home's."""
        try:
            parts = urlsplit(url)
            port, home_port = parts.port, urlsplit(self.home).port
            host = ascii_host(parts.hostname or "")
        except ValueError:
            return False
        usual = _DEFAULT_PORTS.get(parts.scheme)
        return usual is not None and host in self.hosts and port in (None, usual, home_port)

    def skips(self, url: str) -> str | None:
        """Return the expression of ``skip`` that ``url`` matches (searched anywhere), or None."""
        return next((pattern for pattern in self.skip if re.search(pattern, url)), None)

    @property
    def user_agent(self) -> str:
        """Return the User-Agent that this portal's crawl sends."""
        return user_agent(self.contact)

    @field_validator("*", mode="after")
    @classmethod
    def _printable(cls, value: object) -> object:
        """Refuse control characters: values travel into HTTP headers and WARC fields."""
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and any(ord(c) < 32 or ord(c) == 127 for c in text):
                raise ValueError("a line break or control character is in it; write one plain line")
        return value

    @field_validator("id")
    @classmethod
    def _id(cls, value: str) -> str:
        if not ID.fullmatch(value):
            hint = f', such as "{near}"' if (near := make_id(value)) else ""
            raise ValueError(
                f"{value!r} is no id; write 1 to 63 lower-case letters a-z, digits and hyphens, "
                f"the first not a hyphen{hint}"
            )
        return value

    @field_validator("home")
    @classmethod
    def _home(cls, value: str) -> str:
        return web_url(value)

    @field_validator("language")
    @classmethod
    def _language(cls, value: str) -> str:
        if value and not _LANGUAGE.fullmatch(value):
            hint = _language_named(value)
            raise ValueError(f'{value!r} is no language tag (BCP 47); write "{hint or "hi"}"')
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        if value and value not in available_timezones():
            hint = _zone_near(value) or "Asia/Kolkata"
            raise ValueError(f'{value!r} is no time zone (IANA); write a place, such as "{hint}"')
        return value

    @field_validator("hosts", "private_addresses")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_host_only(host) for host in value))

    @field_validator("hosts")
    @classmethod
    def _home_is_covered(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if (own := _home_hosts(info.data)[0]) not in (*value, "invalid"):
            raise ValueError(f"the home's own host is not among them; add {own!r}")
        return value

    @field_validator(*_URLS)
    @classmethod
    def _urls(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        home = info.data.get("home", "")
        return tuple(dict.fromkeys(web_url(urljoin(home, url)) for url in value))

    @field_validator("rest")
    @classmethod
    def _rest(cls, value: str, info: ValidationInfo) -> str:
        return web_url(urljoin(info.data.get("home", ""), value)) if value else ""

    @field_validator("skip")
    @classmethod
    def _skip(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
            if re.search(pattern, ""):
                raise ValueError(f"{pattern!r} matches every URL; nothing would be fetched")
        return value

    @field_validator("contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^\s@()<>]+@[^\s@()<>]+|https?://[^\s()<>]+", value):
            raise ValueError(f'{value!r} is no contact; write "you@example.org" or a URL')
        return value


def user_agent(contact: str = "") -> str:
    """Return the User-Agent of every request; robots.txt groups it as ``morestories``.

    >>> user_agent("archive@example.org").endswith("archive@example.org)")
    True
    """
    try:
        release = version("morestories")
    except PackageNotFoundError:
        release = "0"
    return f"morestories/{release} (news archive; {contact or 'contact not given'})"


def web_url(url: str) -> str:
    """Return ``url`` as written, less its fragment and with a path; ValueError if not http(s)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no web address: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
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


def read_declaration(path: Path) -> Declaration:
    """Read a portal file; UTF-8, with or without a byte order mark.

    Raises ``BadSetting`` with a line for every fault: file, line, key, and what to write instead.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadSetting(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadSetting(f"{path}:{line}: not UTF-8; save the file as UTF-8") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(_broken_toml(path, text, error)) from error
    try:
        return Declaration.model_validate(table)
    except ValidationError as error:
        faults = sorted((_line(text, e["loc"], e["input"]), _say(e)) for e in error.errors())
        said = "\n".join(f"{path}:{line}: {what}" for line, what in faults)
        raise BadSetting(said) from error


def portal_files(archive: Path | None) -> dict[str, Path]:
    """Return the portal file of every id: the archive's own, then the bundled ones."""
    folders = [BUNDLED] if archive is None else [archive / "portals", BUNDLED]
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


def find(name: str, archive: Path) -> Declaration:
    """Return the declaration whose id is ``name``; the archive's own wins over a bundled one.

    Raises ``BadSetting`` with the nearest id if there is none, or if its file is broken.
    """
    files = portal_files(archive)
    if name in files:
        return _read_named(files[name])
    near = difflib.get_close_matches(name.lower(), files, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise BadSetting(
        f"no portal {name!r} in {archive / 'portals'}: {hint}"
        "`morestories portal list` shows all, `morestories portal add URL` adds one"
    )


def all_declarations(archive: Path | None) -> list[Declaration]:
    """Return every portal's declaration, by id; ``BadSetting`` at the first broken file."""
    return [_read_named(path) for _, path in sorted(portal_files(archive).items())]


def to_toml(declaration: Declaration, notes: Mapping[str, str] | None = None) -> str:
    """Return the declaration as a short portal file that reads back as it was.

    A key whose value is the default is left out, unless ``notes`` has a comment for it. Addresses
    on the home's own origin are written without it.
    ``notes`` maps keys to the comment above them; the key "" heads the file.
    """
    notes = notes or {}
    document = tomlkit.document()
    for line in notes.get("", "").splitlines():
        document.add(tomlkit.comment(line))
    for key, value in _worth_writing(declaration, notes):
        for line in notes.get(key, "").splitlines():
            document.add(tomlkit.comment(line))
        if key == "rest" or key in _URLS:
            value = _without_origin(value, declaration.home)
        document.add(key, _toml_item(value))
    return tomlkit.dumps(document)


def _worth_writing(
    declaration: Declaration, notes: Mapping[str, str]
) -> Iterator[tuple[str, object]]:
    usual = Declaration(id=declaration.id, home=declaration.home).model_dump()
    for key, value in declaration.model_dump().items():
        required = key in ("id", "home")
        if value is not None and (required or key in notes or value != usual[key]):
            yield key, value


def _without_origin(value: Any, home: str) -> Any:
    """Shorten addresses on the home's origin to their path, which reads back as the same."""
    if isinstance(value, tuple):
        return tuple(_without_origin(url, home) for url in value)
    path = value.removeprefix(urljoin(home, "/").rstrip("/"))
    return path if urljoin(home, path) == value else value


def _toml_item(value: object) -> Any:
    if not isinstance(value, tuple):
        return tomlkit.item(value)
    array = tomlkit.array()
    array.extend(value)
    return array.multiline(len(value) > 1)


def _read_named(path: Path) -> Declaration:
    declaration = read_declaration(path)
    if declaration.id != path.stem:
        raise BadSetting(
            f"{path}: its id is {declaration.id!r}; rename the file to {declaration.id}.toml, "
            f'or write id = "{path.stem}"'
        )
    return declaration


def _home_hosts(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the home's host with and without ``www.``; an address has no such twin."""
    host = ascii_or_empty(urlsplit(known.get("home", "")).hostname or "")
    if not host or ":" in host or "." not in host or host.replace(".", "").isdigit():
        return (host or "invalid",)
    bare = host.removeprefix("www.")
    return (host, bare if host != bare else f"www.{bare}")


def _host_only(text: str) -> str:
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


def _language_named(text: str) -> str:
    """Return the tag that was probably meant by ``text``: "hi_IN", "Hindi" or "हिन्दी"."""
    if _LANGUAGE.fullmatch(tag := text.replace("_", "-")):
        return tag
    for code, english in Locale("en").languages.items():
        if text.casefold() == english.casefold():
            return str(code).replace("_", "-")
    own_names = {"हिन्दी": "hi", "हिंदी": "hi", "मराठी": "mr", "नेपाली": "ne", "ਪੰਜਾਬੀ": "pa"}
    return own_names.get(text, "")


def _zone_near(text: str) -> str:
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


def _broken_toml(path: Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    said = re.search(r"\(at line (\d+)", str(error))
    line = int(said[1]) if said else text.count("\n") + 1
    what = re.sub(r" \(at .*\)$", "", str(error))
    return f'{path}:{line}: not TOML: {what}; write key = "value", one a line'


def _line(text: str, where: tuple[int | str, ...], value: object) -> int:
    """Return the line of ``text`` (from 1) on which a key, or an item of its list, stands."""
    lines = text.splitlines()
    key = re.escape(str(where[0])) if where else "(?!)"
    named = re.compile(rf"""\s*\[*\s*["']?{key}["']?\s*[=.\]]""")
    first = next((n for n, line in enumerate(lines, 1) if named.match(line)), 1)
    if len(where) > 1 and isinstance(value, str | int | float):
        for n in range(first, len(lines) + 1):
            if str(value) in lines[n - 1]:
                return n
    return first


def _say(error: ErrorDetails) -> str:
    """Put one of pydantic's findings into words: the key, what is wrong, what to write."""
    key = ".".join(str(part) for part in error["loc"][:1])
    kind = error["type"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, Declaration.model_fields, n=1)
        hint = f"write {near[0]!r}" if near else "docs/portals.md lists the keys"
        return f"unknown key {key!r}; {hint}"
    if kind == "missing":
        example = {"id": "my-portal", "home": "https://example.org/"}[key]
        return f'{key!r} is missing; write {key} = "{example}"'
    if kind == "value_error":
        return f"{key}: {error['ctx']['error']}"
    if kind == "tuple_type":
        return f'{key}: {error["input"]!r} is no list; write {key} = ["…"]'
    return f"{key}: {error['input']!r} will not do; {error['msg'].lower()}"
