"""What robots.txt and an overloaded host ask for."""

from __future__ import annotations

import gzip

import pytest

from crawler.addresses import is_private
from crawler.politeness import (
    BACK_OFF,
    MAX_BACK_OFF,
    ROBOTS_BYTES,
    adapted,
    back_off,
    read_robots,
    unpacked,
)

NOW = 1_000_000.0


def test_rules_for_us_and_for_all():
    rules = read_robots(
        200,
        b"User-agent: *\nDisallow: /wp-admin/\nCrawl-delay: 3\nSitemap: https://a.example/s.xml\n",
        NOW,
    )
    assert rules.allows("https://a.example/x")
    assert not rules.allows("https://a.example/wp-admin/x")
    assert (rules.delay, rules.sitemaps) == (3.0, ("https://a.example/s.xml",))
    own = read_robots(200, b"User-agent: *\nAllow: /\nUser-agent: morestories\nDisallow: /\n", NOW)
    assert not own.allows("https://a.example/")


@pytest.mark.parametrize("status", [500, 503, 599, 429])
def test_a_server_error_forbids_everything_for_now(status):
    assert not read_robots(status, b"", NOW).allows("https://a.example/")


@pytest.mark.parametrize("status", [301, 401, 403, 404, 410])
def test_no_robots_txt_allows_everything(status):
    assert read_robots(status, b"User-agent: *\nDisallow: /", NOW).allows("https://a.example/")


def test_only_the_first_500_kib_count():
    body = b"User-agent: *\nDisallow: /a/\n" + b"#" * ROBOTS_BYTES + b"\nDisallow: /b/\n"
    rules = read_robots(200, body, NOW)
    assert not rules.allows("https://a.example/a/")
    assert rules.allows("https://a.example/b/")


def test_a_robots_txt_that_is_packed_is_unpacked_as_far_as_it_counts():
    rules = b"User-agent: *\nDisallow: /a/\n"
    assert unpacked(gzip.compress(rules), "GZIP") == rules
    bomb = gzip.compress(rules + b"#" * 50_000_000)
    assert unpacked(bomb, "gzip") == rules + b"#" * (ROBOTS_BYTES - len(rules))
    assert unpacked(bomb[:5000], "gzip").startswith(rules)
    assert unpacked(rules, "gzip") == unpacked(rules, "br") == rules


def test_garbage_and_a_byte_order_mark_are_read_as_far_as_they_go():
    assert read_robots(200, b"\x00\xff<html>", NOW).allows("https://a.example/")
    marked = read_robots(200, "\ufeffUser-agent: *\nDisallow: /a".encode(), NOW)
    assert not marked.allows("https://a.example/a")


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (200, "10", None),
        (429, "120", 120.0),
        (503, "", BACK_OFF),
        (503, "soon", BACK_OFF),
        (429, "0", 1.0),
        (429, "99999999999999", MAX_BACK_OFF),
        (503, "Mon, 12 Jan 1970 13:48:20 GMT", 1700.0 - 1600.0),
    ],
)
def test_back_off(status, header, seconds):
    until = back_off(status, header, NOW)
    assert (until and until - NOW) == seconds


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("169.254.169.254", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("fe80::1%eth0", True),
        ("0.0.0.0", True),
        ("224.0.0.1", True),
        ("100.64.0.1", True),
        ("8.8.8.8", False),
        ("2606:4700:4700::1111", False),
    ],
)
def test_is_private(address, private):
    assert is_private(address) is private


def test_a_slow_host_is_asked_slowly_and_a_quick_one_at_its_own_pace():
    delay = 1.0
    for _ in range(10):
        delay = adapted(delay, 1.0, 4.0)
    assert delay == pytest.approx(4.0, abs=0.01)
    for _ in range(10):
        delay = adapted(delay, 1.0, 0.1)
    assert delay == 1.0
    assert adapted(0.0, 0.0, 9.0) == 0.0
    assert adapted(50.0, 1.0, 500.0) == 60.0
