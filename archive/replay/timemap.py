"""TimeMaps of an address (RFC 7089, 5), written as the captures are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

from archive.cdxj import Entry
from archive.replay.asked import ascii_url, http_date
from archive.replay.index import moment
from archive.replay.links import WEB, replay_path


def link_format(origin: str, url: str, entries: Iterator[Entry]) -> Iterator[str]:
    """Yield a TimeMap as ``application/link-format``; nothing where there is no capture.

    ``origin`` is the server's, without a slash at its end.
    """
    first = next(entries, None)
    if first is None:
        return
    asked = ascii_url(url)
    yield f'<{asked}>; rel="original",\n'
    yield f'<{origin}{WEB}{asked}>; rel="timegate",\n'
    yield f'<{origin}{WEB}timemap/link/{asked}>; rel="self"; type="application/link-format"'
    for number, (entry, last) in enumerate(_with_last(chain((first,), entries))):
        place = "first " * (number == 0) + "last " * last
        yield f',\n<{uri(origin, entry)}>; rel="{place}memento"; datetime="{date(entry)}"'
    yield "\n"


def as_json(origin: str, url: str, entries: Iterator[Entry]) -> Iterator[str]:
    """Yield a TimeMap as JSON, in the shape that memgator and the Time Travel service use."""
    first = next(entries, None)
    if first is None:
        return
    asked = ascii_url(url)
    gate, self_ = f"{origin}{WEB}{asked}", f"{origin}{WEB}timemap/json/{asked}"
    yield f'{{"original_uri": {json.dumps(asked)}, "timegate_uri": {json.dumps(gate)},\n'
    yield f'"self": {json.dumps(self_)}, "mementos": {{"list": [\n'
    for number, entry in enumerate(chain((first,), entries)):
        at = f"{moment(entry.timestamp):%Y-%m-%dT%H:%M:%SZ}"
        told = {"datetime": at, "uri": uri(origin, entry)}
        yield ("" if number == 0 else ",\n") + json.dumps(told)
    yield "\n]}}\n"


def uri(origin: str, entry: Entry) -> str:
    """Return the URI of a memento."""
    return origin + replay_path(ascii_url(entry.url), entry.timestamp, "mp_")


def date(entry: Entry) -> str:
    """Return the Memento-Datetime of a capture."""
    return http_date(moment(entry.timestamp))


def _with_last(entries: Iterator[Entry]) -> Iterator[tuple[Entry, bool]]:
    before = next(entries, None)
    for entry in entries:
        if before:
            yield before, False
        before = entry
    if before:
        yield before, True
