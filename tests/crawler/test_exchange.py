"""Secrets stay out; what the publisher reserves is noted."""

from __future__ import annotations

import pytest

from crawler.exchange import reservations, without_secrets, without_userinfo


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (b"GET / HTTP/1.1\r\ncOOkie: a=1\r\nB: c\r\n\r\n", b"GET / HTTP/1.1\r\nB: c\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nAuthorization:x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nCookies: stay\r\n\r\n", b"GET / HTTP/1.1\r\nCookies: stay\r\n\r\n"),
        (
            b"GET http://u:p@h/ HTTP/1.1\r\nHost: u:p@h\r\n\r\n",
            b"GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
        ),
        (b"GET /x//u:p@h HTTP/1.1\r\n\r\n", b"GET /x//u:p@h HTTP/1.1\r\n\r\n"),
        (b"GET /?u=http://u:p@h HTTP/1.1\r\n\r\n", b"GET /?u=http://u:p@h HTTP/1.1\r\n\r\n"),
        (
            b"POST / HTTP/1.1\r\n\r\nCookie: body\r\n\r\nx@y",
            b"POST / HTTP/1.1\r\n\r\nCookie: body\r\n\r\nx@y",
        ),
        (b"", b""),
    ],
)
def test_secrets_leave_whole_lines(sent, kept) -> None:
    assert without_secrets(sent) == kept


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://a/", "http://a/"),
        ("HTTPS://u@a/", "HTTPS://a/"),
        ("http://u:p@ss@a:80/b@c?d@e", "http://a:80/b@c?d@e"),
        ("http://a?u@b", "http://a?u@b"),
        ("http://a#u@b", "http://a#u@b"),
    ],
)
def test_userinfo_leaves_the_authority_only(url, kept) -> None:
    assert without_userinfo(url) == kept


@pytest.mark.parametrize(
    ("head", "noted"),
    [
        (b"HTTP/1.1 200 OK\r\nA: x-robots-tag\r\n\r\n", ()),
        (b"HTTP/1.1 200 x-robots-tag: no\r\nA: b\r\n\r\n", ()),
        (b"HTTP/1.1 200 OK\nX-ROBOTS-TAG:noai\n\n", (("X-ROBOTS-TAG", "noai"),)),
        (
            b"HTTP/1.1 200 OK\r\ntdm-policy: https://a/p\r\nX: y\r\nTdm-Reservation: 1\r\n\r\n",
            (("tdm-policy", "https://a/p"), ("Tdm-Reservation", "1")),
        ),
        (
            b"HTTP/1.1 200 OK\r\nX-Robots-Tag: a,\r\n\tb\xfc\r\n\r\n",
            (("X-Robots-Tag", "a, b\xfc"),),
        ),
        (b"HTTP/1.1 200 OK\r\nX-Robots-Tag", (("X-Robots-Tag", ""),)),
        (b"", ()),
    ],
)
def test_reservations_as_sent(head, noted) -> None:
    assert reservations(head) == noted
