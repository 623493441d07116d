"""The declaration of a portal: one validated TOML file, and where such files are kept."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo, available_timezones

import tomlkit
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from archive.errors import BadSetting
from archive.portal import Portal
from crawler.naming import (
    DEFAULT_PORTS,
    LANGUAGE,
    ascii_host,
    ascii_or_empty,
    host_only,
    language_named,
    make_id,
    web_url,
    zone_near,
)
from crawler.schedule import Timetable, ever_meet, read_hours, read_schedule

BUNDLED = Path(__file__).parent / "portals"
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_URLS = ("feeds", "sitemaps", "sections")

Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Budget = Annotated[int, Field(gt=0)] | None


def _from_home(url: str, info: ValidationInfo) -> str:
    return web_url(urljoin(info.data.get("home", ""), url)) if url else ""


def _expression(pattern: str) -> str:
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    if found.search(""):
        raise ValueError(f"{pattern!r} matches every URL; nothing would be fetched")
    return pattern


Url = Annotated[str, AfterValidator(_from_home)]
Host = Annotated[str, AfterValidator(host_only)]
Expression = Annotated[str, AfterValidator(_expression)]


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
    hosts: tuple[Host, ...] = Field(default_factory=lambda known: _home_hosts(known), min_length=1)
    feeds: tuple[Url, ...] = ()
    sitemaps: tuple[Url, ...] = ()
    sections: tuple[Url, ...] = ()
    rest: Url = ""
    skip: tuple[Expression, ...] = ()
    robots: Literal["obey", "ignore"] = "obey"
    delay: Seconds = 1.0
    concurrency: Annotated[int, Field(ge=1, le=16)] = 2
    timeout: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 30.0
    max_bytes: Annotated[int, Field(gt=0)] = 20_000_000
    max_pages: Budget = None
    max_minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    max_depth: Budget = None
    max_total_bytes: Budget = None
    capture: Literal["page", "page+requisites"] = "page"
    requisite_bytes: Annotated[int, Field(gt=0)] = 200_000_000
    schedule: str = ""
    jitter: Annotated[float, Field(ge=0, le=1440, allow_inf_nan=False)] = 0.0
    catch_up: Literal["once", "none"] = "once"
    active_hours: str = ""
    until: date | None = None
    month_pages: Budget = None
    month_bytes: Budget = None
    contact: str = ""
    private_addresses: tuple[Host, ...] = ()
    revisits: bool = True

    def facts(self) -> Portal:
        """Return what a reader of this portal's pages must know."""
        return Portal(self.id, self.name, self.home, self.timezone, self.language)

    def timetable(self) -> Timetable | None:
        """Return when this portal is crawled; None if its file names no schedule."""
        if not self.schedule:
            return None
        return Timetable(
            self.id,
            read_schedule(self.schedule),
            self.zone,
            timedelta(minutes=self.jitter),
            self.catch_up,
            read_hours(self.active_hours) if self.active_hours else None,
            self.until,
        )

    @property
    def zone(self) -> ZoneInfo:
        """Return the portal's time zone; UTC where it names none."""
        return ZoneInfo(self.timezone or "UTC")

    def covers(self, url: str) -> bool:
        """Tell whether ``url`` is http(s) on one of ``hosts``, at a usual port or the home's."""
        try:
            parts = urlsplit(url)
            port, home_port = parts.port, urlsplit(self.home).port
            host = ascii_host(parts.hostname or "")
        except ValueError:
            return False
        usual = DEFAULT_PORTS.get(parts.scheme)
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
        if value and not LANGUAGE.fullmatch(value):
            hint = language_named(value)
            raise ValueError(f'{value!r} is no language tag (BCP 47); write "{hint or "hi"}"')
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        if value and value not in available_timezones():
            hint = zone_near(value) or "Asia/Kolkata"
            raise ValueError(f'{value!r} is no time zone (IANA); write a place, such as "{hint}"')
        return value

    @field_validator("schedule")
    @classmethod
    def _schedule(cls, value: str) -> str:
        if value:
            read_schedule(value)
        return value

    @field_validator("active_hours")
    @classmethod
    def _active_hours(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return value
        hours = read_hours(value)
        schedule = info.data.get("schedule", "")
        if schedule and not ever_meet(read_schedule(schedule), hours):
            raise ValueError(f"{schedule!r} never falls into {value!r}; no run would start")
        return value

    @field_validator("hosts", "private_addresses", *_URLS)
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value))

    @field_validator("hosts")
    @classmethod
    def _home_is_covered(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if (own := _home_hosts(info.data)[0]) not in (*value, "invalid"):
            raise ValueError(f"the home's own host is not among them; add {own!r}")
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
        faults = sorted(
            (_line(text, e["loc"], e["input"]), _say(e))
            for e in error.errors()
            if e["type"] != "default_factory_not_called"  # a fault elsewhere hid the home
        )
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
        return read_named(files[name])
    near = difflib.get_close_matches(name.lower(), files, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise BadSetting(
        f"no portal {name!r} in {archive / 'portals'}: {hint}"
        "`morestories portal list` shows all, `morestories portal add URL` adds one"
    )


def all_declarations(archive: Path | None) -> list[Declaration]:
    """Return every portal's declaration, by id; ``BadSetting`` at the first broken file."""
    return [read_named(path) for _, path in sorted(portal_files(archive).items())]


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


def read_named(path: Path) -> Declaration:
    """Read a portal file that is named after its id; ``BadSetting`` if it is not, or is broken."""
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
    if len(where) > 1 and isinstance(value, str):
        for n in range(first, len(lines) + 1):
            if any(f"{quote}{value}{quote}" in lines[n - 1] for quote in ("'", '"')):
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
