"""One capture made whole again: record, original of a revisit, body without its codings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from archive.capture import Capture
from archive.cdxj import Entry
from archive.errors import Moved
from archive.replay.index import Index, span
from archive.warc.message import Headers, header
from archive.warc.reader import MOST_PAYLOAD, decoded, read_capture, resolve

REVISIT: Final = "warc/revisit"


@dataclass(frozen=True, slots=True)
class Memento:
    """What a browser got then.

    ``body`` has no transfer- or content-encoding any more. ``headers`` are the answer's, names in
    lower case, as sent: those of the original where the record is a revisit. ``notes`` say, for a
    reader, what is not as it was sent.
    """

    entry: Entry
    status: int
    headers: Headers
    body: bytes
    notes: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The Content-Type with its parameters, "" if there was none."""
        return header(self.headers, "content-type")

    @property
    def media_type(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()


def load(index: Index, entry: Entry) -> Memento:
    """Read a capture, and for a revisit the original that holds its payload.

    Raises ``Moved`` where a file or the original is not there, ``DamagedRecord`` as the reader
    does.
    """
    capture = _read(index, entry)
    source = capture
    if capture.record_type == "revisit":
        source = _read(index, original(index, entry, capture))
    status = capture.status or source.status or 200  # a resource record tells none
    headers = source.headers or (("content-type", source.content_type),)
    return Memento(entry, status, headers, decoded(source), tuple(_notes(capture, source)))


def original(index: Index, entry: Entry, revisit: Capture) -> Entry:
    """Return the capture that holds a revisit's payload.

    It is named by address and date (WARC 1.1). Where it is not (WARC 1.0), it is the last capture
    of the same address, up to then, that has the same payload digest.
    """
    url = revisit.refers_to_url or revisit.url
    date = f"{revisit.refers_to_date:%Y%m%d%H%M%S}" if revisit.refers_to_date else ""
    last = None
    for candidate in index.every(span(url)):
        if candidate.mime == REVISIT:
            continue
        if date and candidate.timestamp == date and candidate.digest in ("", entry.digest):
            return candidate
        if candidate.digest == entry.digest and candidate.timestamp <= entry.timestamp:
            last = candidate
    if last is None:
        raise Moved(
            f"{entry.warc} at byte {entry.offset} repeats a page that was captured from {url}"
            f"{f' at {date}' if date else ''}, and no WARC here holds that capture: "
            "import the file that does with `morestories ingest FILE`"
        )
    return last


def _read(index: Index, entry: Entry) -> Capture:
    folder = index.archive / "warc"
    path = resolve(folder, entry.warc)
    if not path.is_file():
        raise Moved(
            f"{entry.warc} is not in {folder} any more: put it back, "
            "or run `morestories recover` so that the index forgets it"
        )
    return read_capture(path, entry.offset)


_WHY: Final = {
    "length": "the answer was longer than was kept",
    "time": "the server took too long, and what had come by then was kept",
    "disconnect": "the connection ended before the whole page had come",
}


def _notes(capture: Capture, source: Capture) -> list[str]:
    notes = []
    if cut := capture.truncated or source.truncated:
        notes.append(f"This capture is not whole: {_WHY.get(cut, 'it was cut short')}.")
    if len(source.payload) >= MOST_PAYLOAD:
        notes.append(f"Only its first {MOST_PAYLOAD >> 20} MB are shown; the WARC holds the rest.")
    return notes
