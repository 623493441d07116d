"""The S3 side of a shared lake: how DuckDB reaches the bucket, with no secret in any message.

Keys come from where AWS's own tools take them: ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
``AWS_SESSION_TOKEN``, ``AWS_REGION``, ``AWS_ENDPOINT_URL`` (with ``_S3`` before). An endpoint of
one's own is spoken to path-style.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import duckdb

from archive.errors import BadSetting, StoreError
from archive.store.lake import Lake

_SECRETS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def endpoint(environment: Mapping[str, str] = os.environ) -> str:
    """Return the address of the S3 server, '' for Amazon's; ``BadSetting`` for a broken one."""
    url = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
        raise BadSetting("AWS_ENDPOINT_URL is http://HOST:PORT or https://HOST")
    return url


def secret(lake: Lake, environment: Mapping[str, str] = os.environ) -> str:
    """Return the SQL that lets a connection reach the bucket of ``lake``, and that one alone."""
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
    options = {"REGION": region, "SCOPE": lake.data}
    for option, name in zip(("KEY_ID", "SECRET", "SESSION_TOKEN"), _SECRETS, strict=True):
        if environment.get(name):
            options[option] = environment[name]
    words = [f"{name} {_quoted(value)}" for name, value in options.items()]
    if url := endpoint(environment):
        parts = urlsplit(url)
        words += [f"ENDPOINT {_quoted(parts.netloc)}", "URL_STYLE 'path'"]
        words += [f"USE_SSL {'true' if parts.scheme == 'https' else 'false'}"]
    return f"CREATE SECRET lake_bucket (TYPE s3, {', '.join(words)})"


def reach(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Raise ``StoreError``, naming bucket and host, unless the bucket of ``lake`` can be listed."""
    try:
        connection.execute("SELECT count(*) FROM glob($1)", [f"{lake.data}reach/*"]).fetchall()
    except duckdb.Error as error:
        host = urlsplit(endpoint()).netloc or "Amazon's S3"
        raise StoreError(
            f"{lake.data} at {host} cannot be listed: {without_secrets(str(error))}\n"
            "Do AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY fit it?"
        ) from None  # the chained error would show what was taken out


def without_secrets(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return ``text`` without the values of keys, which servers like to repeat."""
    for name in _SECRETS:
        if environment.get(name):
            text = text.replace(environment[name], f"<{name}>")
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
