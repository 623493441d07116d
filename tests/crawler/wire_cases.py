"""Odd answers: what a server sends, and how it parts into interim answers, head, body, surplus."""

from __future__ import annotations

import gzip
import itertools
import zlib
from dataclasses import dataclass, field
from typing import Any

import brotli

from tests.crawler.wire_server import CloseIfReused, End, Pause, Step

HINDI = "बिहार में मतदान शांतिपूर्ण, 58.3% वोट पड़े। ".encode()
# Stands in every head and page for a mark of its own, so that no two answers are the same.
TOKEN = b"@@token@@"
PAGE = b"<!doctype html><html><body><p>" + TOKEN + HINDI * 40 + b"</p></body></html>"
OK = b"HTTP/1.1 200 OK\r\n"
TEXT = b"Content-Type: text/html; charset=utf-8\r\n"
CLOSE, RESET, HANG = End("close"), End("reset"), End("hang")


@dataclass(frozen=True)
class Case:
    """``before`` (1xx) and ``after`` (surplus) are sent but are no part of the answer.

    ``truncated`` is what the capture must say, ``fails`` whether Scrapy gets no response.
    ``piece`` sends the answer in pieces of that many bytes. ``once`` is for costly cases.
    """

    name: str
    head: bytes
    body: bytes = b""
    before: bytes = b""
    after: bytes = b""
    end: End | None = None
    truncated: str | None = None
    fails: bool = False
    method: str = "GET"
    sent_body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    piece: int = 0
    lull: bool = False
    once: bool = False
    first: tuple[Step, ...] = ()

    def steps(self, target: str) -> tuple[Step, ...]:
        """Return what the server does when asked for ``target``."""
        message = marked(self.before + self.head + self.body + self.after, target)
        steps: list[Step] = [*self.first]
        if self.lull:  # interim answers and head in segments of their own
            parts = len(self.before), len(self.before + self.head), len(message)
            for start, end in itertools.pairwise((0, *parts)):
                steps += [message[start:end], Pause()]
        elif self.piece:
            for at in range(0, len(message), self.piece):
                steps += [message[at : at + self.piece], Pause(0.002)]
        else:
            steps.append(message)
        if self.end:
            steps.append(self.end)
        return tuple(steps)


def marked(data: bytes, target: str) -> bytes:
    """Put the mark of ``target`` for every token, of the same length."""
    return data.replace(TOKEN, b"%09x" % (zlib.crc32(target.encode())))


def lines(*extra: bytes, status: bytes = b"HTTP/1.1 200 OK", length: int | None = None) -> bytes:
    """Return a head with ``extra`` lines, and a Content-Length if there is one."""
    parts = [status, b"X-Token: " + TOKEN, *extra]
    if length is not None:
        parts.append(b"Content-Length: %d" % length)
    return b"\r\n".join(parts) + b"\r\n\r\n"


def page(*extra: bytes, body: bytes = PAGE, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """Return the head of a page that tells its length."""
    return lines(b"Content-Type: text/html; charset=utf-8", *extra, status=status, length=len(body))


def chunked(body: bytes, size: int = 700, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    """Return ``body`` in chunks of ``size``, with the last chunk and ``trailers``."""
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    framed = b"".join(b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    return framed + b"0\r\n" + trailers + b"\r\n"


def deflated(body: bytes) -> bytes:
    return zlib.compress(body)


CHUNKED = lines(b"Content-Type: text/html; charset=utf-8", b"Transfer-Encoding: chunked")
GZIPPED = gzip.compress(PAGE, mtime=0)
BROTLI = brotli.compress(PAGE)
LARGE = b"".join(b"%08d" % number for number in range(2_500_000))  # 20 MB
MIDDLE = LARGE[:1_500_000]
EVERY_BYTE = bytes(range(256)) * 8

HEADS = [
    Case("plain", page(), PAGE),
    Case("duplicates", page(b"X-A: 1", b"X-B: 2", b"X-A: 3", b"x-a: 1"), PAGE),
    Case("mixed-case", page(b"x-lOwEr: a", b"SERVER: nginx", b'eTag: W/"x"'), PAGE),
    Case("folded", page(b"X-Long: one", b"  two", b"\tthree"), PAGE),
    Case("latin-1", page(b"X-City: M\xfcnchen"), PAGE),
    Case("utf-8", page(b"X-Title: " + HINDI.strip()), PAGE),
    Case("no-reason", page(status=b"HTTP/1.1 200"), PAGE),
    Case("empty-reason", page(status=b"HTTP/1.1 200 "), PAGE),
    Case("odd-reason", page(status="HTTP/1.1 200 ठीक है".encode()), PAGE),
    Case("line-feeds", page().replace(b"\r\n", b"\n"), PAGE),
    Case("mixed-line-ends", page(b"X-A: 1").replace(b"\r\nX-A", b"\nX-A"), PAGE),
    Case("no-colon", page(b"this is no header", b"X-A: 1"), PAGE),
    Case("spaces", page(b"X-Empty:", b"X-Spaced :  a  ", b"X-Tab:\tb\t"), PAGE),
    Case("bad-name", page(b"X Y: 1", b"\xe0\xa4\xac: 2", b": 3"), PAGE),
    Case("no-space", page(b"X-Tight:a").replace(b": text", b":text"), PAGE),
    Case("64-KB-line", page(b"X-Policy: " + b"p" * 65_000), PAGE),
    Case("300-lines", page(*(b"X-%d: %d" % (n, n) for n in range(300))), PAGE),
    Case(
        "cookies", page(b"Set-Cookie: a=1; HttpOnly", b"Set-Cookie: b=2", b"set-cookie: a=3"), PAGE
    ),
    Case(
        "reserved",
        page(b"X-Robots-Tag: noai", b"TDM-Reservation: 1", b"x-robots-tag: a,", b" b"),
        PAGE,
    ),
    Case("byte-by-byte", lines(b"X-A: 1", length=5), b"hello", piece=1),
    Case("split-anywhere", page(b"X-A: 1", b"X-B: 2"), PAGE, piece=17, once=True),
    Case("lull-after-head", page(), PAGE, lull=True),
    Case("says-close", page(b"Connection: close"), PAGE, end=CLOSE),
    Case("says-keep-alive", page(b"Connection: Keep-Alive", b"Keep-Alive: timeout=5"), PAGE),
    Case("same-length-twice", page(b"Content-Length: %d" % len(PAGE)), PAGE),
    Case("head-in-body", page(body=OK + TEXT + b"\r\n"), OK + TEXT + b"\r\n"),
]
STATUSES = [
    Case("204", lines(b"X-A: 1", status=b"HTTP/1.1 204 No Content")),
    Case("304", lines(b'ETag: "a"', status=b"HTTP/1.1 304 Not Modified")),
    Case("304-length", page(b'ETag: "a"', status=b"HTTP/1.1 304 Not Modified")),
    Case("301", page(b"Location: /plain", status=b"HTTP/1.1 301 Moved Permanently"), PAGE),
    Case("302-empty", lines(b"Location: /", status=b"HTTP/1.1 302 Found", length=0)),
    Case("401", page(b"WWW-Authenticate: Basic", status=b"HTTP/1.1 401 Unauthorized"), PAGE),
    Case("404", page(status=b"HTTP/1.1 404 Not Found"), PAGE),
    Case("429", page(b"Retry-After: 1", status=b"HTTP/1.1 429 Too Many Requests"), PAGE),
    Case("500", page(status=b"HTTP/1.1 500 Internal Server Error"), PAGE),
    Case("503", page(b"Retry-After: 5", status=b"HTTP/1.1 503 Service Unavailable"), PAGE),
    Case("999", page(status=b"HTTP/1.1 999 Request denied"), PAGE),
    Case("head", page(), method="HEAD"),
    Case("head-chunked", CHUNKED, method="HEAD"),
    Case("head-404", page(status=b"HTTP/1.1 404 Not Found"), method="HEAD"),
    Case("103", page(), PAGE, before=b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"),
    Case(
        "103-apart",
        page(),
        PAGE,
        before=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        lull=True,
    ),
    Case(
        "100-and-103",
        page(),
        PAGE,
        before=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n",
    ),
    Case("http-1.0", page(status=b"HTTP/1.0 200 OK"), PAGE, end=CLOSE),
    Case("http-1.0-no-length", lines(status=b"HTTP/1.0 200 OK"), PAGE, end=CLOSE),
    Case("post", page(), PAGE, method="POST", sent_body=b"a=1&b=" + HINDI),
    Case("post-empty", page(), PAGE, method="POST"),
    Case("put", page(status=b"HTTP/1.1 201 Created"), PAGE, method="PUT", sent_body=EVERY_BYTE),
]
BODIES = [
    Case("empty", lines(length=0)),
    Case("every-byte", page(body=EVERY_BYTE), EVERY_BYTE),
    Case("no-length", lines(TEXT.strip()), PAGE, end=CLOSE),
    Case("gzip", page(b"Content-Encoding: gzip", body=GZIPPED), GZIPPED),
    Case("br", page(b"Content-Encoding: br", body=BROTLI), BROTLI),
    Case("deflate", page(b"Content-Encoding: deflate", body=deflated(PAGE)), deflated(PAGE)),
    Case("gzip-lie", page(b"Content-Encoding: gzip"), PAGE),
    Case("gzip-cut", page(b"Content-Encoding: gzip", body=GZIPPED[:60]), GZIPPED[:60]),
    Case("chunked", CHUNKED, chunked(PAGE)),
    Case("chunked-capital", CHUNKED.replace(b"chunked", b"Chunked"), chunked(PAGE)),
    Case("chunked-extensions", CHUNKED, chunked(PAGE, extension=b';a=1;b="c d"')),
    Case("chunked-trailers", CHUNKED, chunked(PAGE, trailers=b"X-Sum: 1\r\nx-sum: 2\r\n")),
    Case(
        "chunked-gzip",
        CHUNKED.replace(b"Tr", b"Content-Encoding: gzip\r\nTr"),
        chunked(GZIPPED, 50),
    ),
    Case("chunked-zeros", CHUNKED, b"0005\r\nhello\r\n00A\r\n0123456789\r\n000\r\n\r\n"),
    Case("chunked-bytes", CHUNKED, chunked(PAGE[:200], 1)),
    Case("chunked-pieces", CHUNKED, chunked(PAGE[:300], 90), piece=13, once=True),
    Case("chunked-and-length", CHUNKED.replace(b"Tr", b"Content-Length: 3\r\nTr"), chunked(PAGE)),
    Case("chunked-empty", CHUNKED, b"0\r\n\r\n"),
    Case("surplus", page(), PAGE, after=b"more than was told", end=CLOSE),
    Case("surplus-chunked", CHUNKED, chunked(PAGE), after=b"garbage", end=CLOSE),
    Case("surplus-head", page(), method="HEAD", after=PAGE, end=CLOSE),
    Case("surplus-304", lines(status=b"HTTP/1.1 304 Not Modified"), after=b"oops", end=CLOSE),
    Case("spooled", page(body=MIDDLE), MIDDLE, once=True),
    Case("spooled-chunked", CHUNKED, chunked(MIDDLE, 40_000), once=True),
    Case("spooled-surplus", page(body=MIDDLE), MIDDLE, after=b"more", end=CLOSE, once=True),
    Case("spooled-no-length", lines(), MIDDLE, end=CLOSE, once=True),
    Case("20-MB", page(body=LARGE), LARGE, once=True),
    Case("slow", page(body=PAGE[:60]), PAGE[:60], piece=20),
]
DROPPED = {"truncated": "disconnect", "fails": True}
NOT_HTTP = {"truncated": "unspecified", "fails": True, "end": CLOSE}
FAILURES = [
    Case("short", page(), PAGE[:500], end=CLOSE, **DROPPED),
    Case(
        "short-gzip",
        page(b"Content-Encoding: gzip", body=GZIPPED),
        GZIPPED[:50],
        end=CLOSE,
        **DROPPED,
    ),
    Case("short-chunked", CHUNKED, chunked(PAGE)[:-5], end=CLOSE, **DROPPED),
    Case("short-head", page()[:40], end=CLOSE, **DROPPED),
    Case("short-status", b"H", end=CLOSE, **DROPPED),
    Case("only-103", b"", before=b"HTTP/1.1 103 Early Hints\r\n\r\n", end=CLOSE, **DROPPED),
    Case("reset", page(), PAGE[:500], end=RESET, **DROPPED),
    Case("reset-head", page()[:30], end=RESET, **DROPPED),
    # Bytes without a length that a reset ends: Scrapy takes them for whole, the capture does not.
    Case("reset-no-length", lines(), PAGE[:500], end=RESET, truncated="disconnect"),
    Case(
        "timeout",
        page(),
        PAGE[:500],
        end=HANG,
        truncated="time",
        fails=True,
        meta={"download_timeout": 2.5},
    ),
    Case(
        "timeout-head",
        page()[:30],
        end=HANG,
        truncated="time",
        fails=True,
        meta={"download_timeout": 2.5},
    ),
    Case("no-http", b"<html>\n" + PAGE, **NOT_HTTP),
    Case("no-number", b"HTTP/1.1 OK\r\n\r\n", **NOT_HTTP),
    Case("bad-version", b"HTTP/one 200 OK\r\n\r\n", **NOT_HTTP),
    Case("two-lengths", page(b"Content-Length: 3"), PAGE, **NOT_HTTP),
    Case("bad-length", lines(b"Content-Length: many"), PAGE, **NOT_HTTP),
    Case("bad-chunk", CHUNKED, b"5\r\nhello\r\nxyz\r\nworld\r\n", **NOT_HTTP),
    Case("unknown-coding", lines(b"Transfer-Encoding: gzip"), PAGE, **NOT_HTTP),
    Case(
        "limit-told",
        page(body=LARGE),
        LARGE[:500],
        end=HANG,
        truncated="length",
        fails=True,
        meta={"download_maxsize": 900},
    ),
    Case(
        "limit-found",
        CHUNKED,
        chunked(PAGE)[:2000],
        end=HANG,
        truncated="length",
        fails=True,
        meta={"download_maxsize": 900},
    ),
]
STALE = Case("stale", page(), PAGE, first=(CloseIfReused(),))
CASES = [*HEADS, *STATUSES, *BODIES, *FAILURES]
