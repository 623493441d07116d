"""Where an archive's tables are: in its own folder, or in a lake that several machines share.

``lake.toml`` in the archive's folder names a shared one, and holds no secrets::

    catalog = "postgresql://archivist@db.example/news"
    data = "s3://bucket/news/"

``data`` may be left out: the Parquet files are then in the archive's own ``lake/``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import tomlkit

from archive.errors import BadSetting

SETTINGS: Final = "lake.toml"
CATALOG: Final = "catalog.sqlite"
LAKE: Final = "lake"
_KEYS: Final = {"catalog", "data", "schema"}


@dataclass(frozen=True, slots=True)
class Lake:
    """The catalog and the Parquet files of the archive in ``folder``.

    ``catalog`` is a ``postgresql://`` address, or '' for the SQLite file in the folder. ``data``
    ends with a slash: ``s3://bucket/prefix/`` or a folder. ``schema`` is set where a rebuild grows;
    else the tables are in the newest of the catalog (see ``archive.store.postgres``).
    """

    folder: Path
    catalog: str = ""
    data: str = ""
    schema: str = ""

    @property
    def shared(self) -> bool:
        """Whether other machines may write to it, too."""
        return bool(self.catalog)

    @property
    def in_bucket(self) -> bool:
        """Whether the Parquet files are in an S3 bucket."""
        return self.data.startswith("s3://")

    def __str__(self) -> str:
        """Say where it is, for a message."""
        return f"{self.catalog} and {self.data}" if self.shared else str(self.folder)


def lake_of(folder: Path) -> Lake:
    """Return where the tables of the archive in ``folder`` are; ``BadSetting`` for a broken file."""
    folder = folder.resolve()
    path = folder / SETTINGS
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Lake(folder, data=f"{folder / LAKE}/")
    except (OSError, ValueError) as error:
        raise BadSetting(f"{path} cannot be read: {error}") from error
    if unknown := set(told) - _KEYS:
        raise BadSetting(f"{path}: {min(unknown)!r} is no setting; there are catalog and data")
    if not told.get("catalog") or not all(isinstance(value, str) for value in told.values()):
        raise BadSetting(f'{path}: write catalog = "postgresql://USER@HOST/DATABASE"')
    try:
        return named(folder, **told)
    except BadSetting as error:
        raise BadSetting(f"{path}: {error}") from error


def named(folder: Path, catalog: str, data: str = "", schema: str = "") -> Lake:
    """Return the shared lake that these name; raise ``BadSetting`` where they name none."""
    return Lake(folder, _catalog(catalog), _data(folder, data), schema)


def keep(lake: Lake) -> None:
    """Write ``lake.toml``, so that every later command finds the lake."""
    told = {"catalog": lake.catalog, "data": lake.data}
    if lake.schema:
        told["schema"] = lake.schema
    unfinished = lake.folder / (SETTINGS + ".part")
    unfinished.write_text(tomlkit.dumps(told), encoding="utf-8")
    unfinished.replace(lake.folder / SETTINGS)


def _catalog(url: str) -> str:
    try:
        parts = urlsplit(url)
        password = parts.password or "password" in parse_qs(parts.query)
    except ValueError as error:
        raise BadSetting(f"the catalog's address is broken: {error}") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise BadSetting(f"a catalog is postgresql://USER@HOST/DATABASE, not {parts.scheme}:…")
    if password:
        raise BadSetting(
            f"the catalog's address at {parts.hostname} holds a password, which would be kept and "
            "shown: leave it out, and put it into PGPASSWORD or ~/.pgpass"
        )
    return "postgresql" + url[len(parts.scheme) :]


def _data(folder: Path, data: str) -> str:
    if data.startswith("s3://"):
        if not urlsplit(data).netloc or any(letter in data for letter in "@?#*"):
            raise BadSetting(f"data is s3://BUCKET/PREFIX/, not {data.partition('?')[0]}")
        return data.rstrip("/") + "/"
    if "://" in data:
        raise BadSetting(f"data is a folder or s3://BUCKET/PREFIX/, not {data.split(':')[0]}:…")
    return f"{(folder / (data or LAKE)).resolve()}/"
