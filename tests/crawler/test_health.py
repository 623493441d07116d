"""Each rule on facts that are well and on facts that are not; and facts of real crawls."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import exclusions
from archive.cli.common import Exit
from archive.ledger import Check, Ledger, Run
from crawler.facts import archive_facts, portal_facts
from crawler.health import (
    ARCHIVE_RULES,
    PORTAL_RULES,
    SAMPLE,
    ArchiveFacts,
    Evidence,
    FeedReading,
    PortalFacts,
    Story,
    Theme,
    examine,
)
from tests.crawler.crawls import declare, morestories
from tests.portal_site.server import PortalSite

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = "https://demo.example/feed/"
OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


def seen(hours: float, status: int | None = 200) -> Evidence:
    return Evidence(FEED, NOW - hours * HOUR, status, f"demo-{hours}.warc.gz", 77)


def ran(hours: float, exit: Exit = Exit.OK, **figures: Any) -> Run:
    at = NOW - hours * HOUR
    told = {"captures": {"200": 20}} | figures
    return Run(int(hours * 10), "demo", at, 0, 1, at, at + HOUR / 6, exit, told)


def stories(count: int, words: int, *, body: str = "") -> list[Story]:
    return [Story(words, body or f"{words}-{n}", seen(n)) for n in range(count)]


WELL = PortalFacts(
    portal="demo",
    now=NOW,
    scheduled=True,
    runs=[ran(hours) for hours in (1, 2, 3, 4)],
    next=NOW + HOUR,
    windows=[30, 28, 35, 31, 33],
    stories=stories(SAMPLE, 200),
    usual_words=210,
    robots=[seen(1), seen(25)],
    themes=[Theme("covernews", seen(1)), Theme("covernews", seen(25))],
    feeds={FEED: [FeedReading(seen(1), None), FeedReading(seen(2), 10)]},
)
WHOLE = ArchiveFacts(NOW, free=10**10, floor=10**9, verified=Check("verify", NOW - DAY, 0))
NO_PAGES = {"captures": {"200": 1}}

# rule: facts that are unwell, since when, and words of what is said.
UNWELL: dict[str, tuple[PortalFacts, datetime, str]] = {
    "broken_setting": (replace(WELL, fault="demo.toml:3: unknown key"), NOW, "demo.toml:3"),
    "overdue": (replace(WELL, overdue=NOW - 2 * HOUR), NOW - 2 * HOUR, "08:00 UTC"),
    "failing": (
        replace(WELL, runs=[ran(n, Exit.UNREACHABLE) for n in (1, 2, 3)] + [ran(4)]),
        NOW - 3 * HOUR,
        "last 3 runs",
    ),
    "robots": (
        replace(
            WELL,
            runs=[ran(n, Exit.ROBOTS, failures={"robots": 9}, **NO_PAGES) for n in (1, 2)]
            + [ran(3)],
        ),
        NOW - 2 * HOUR,
        "forbids 9",
    ),
    "dns": (
        replace(WELL, runs=[ran(1, failures={"dns": 3}, captures={}), ran(2)]),
        NOW - HOUR,
        "not known",
    ),
    "certificate": (
        replace(WELL, runs=[ran(1, certificate={"problem": "certificate has expired"}), ran(2)]),
        NOW - HOUR,
        "has expired",
    ),
    "back_off": (replace(WELL, held=NOW + HOUR, held_for="429"), NOW, "429"),
    "fell": (replace(WELL, windows=[8, 28, 35, 31, 33]), NOW - HOUR - DAY, "32 are usual"),
    "short": (replace(WELL, stories=stories(SAMPLE, 30)), NOW - 9 * HOUR, "30 words"),
    "identical": (
        replace(WELL, stories=stories(6, 200, body="x") + stories(4, 200)),
        NOW - 5 * HOUR,
        "6 of the 10",
    ),
    "theme": (
        replace(
            WELL,
            themes=[Theme("newsphere", seen(n)) for n in (1, 2)] + [Theme("covernews", seen(3))],
        ),
        NOW - 2 * HOUR,
        "'covernews' and is 'newsphere'",
    ),
    "feed": (
        replace(
            WELL,
            feeds={
                FEED: [FeedReading(seen(n, 404), 0) for n in (1, 2)] + [FeedReading(seen(3), 9)]
            },
        ),
        NOW - 2 * HOUR,
        "answers 404",
    ),
}
UNWELL_WHOLE: dict[str, tuple[ArchiveFacts, datetime, str]] = {
    "disk": (replace(WHOLE, free=10**8), NOW, "0.1 GB free"),
    "unsealed": (replace(WHOLE, abandoned=["a.warc.gz.open"]), NOW, "a.warc.gz.open"),
    "behind": (
        replace(WHOLE, behind=5_000_000, behind_since=NOW - DAY),
        NOW - DAY,
        "5.0 MB",
    ),
    "index": (replace(WHOLE, index_behind=["a.warc.gz"]), NOW, "1 sealed"),
    "search": (replace(WHOLE, unsearchable=True), NOW, "search/ is missing"),
    "unverified": (
        replace(WHOLE, verified=Check("verify", NOW - 200 * DAY, 0)),
        NOW - 20 * DAY,
        "",
    ),
}


def test_all_is_well():
    assert examine(WHOLE, [WELL]) == []
    assert examine(WHOLE, [PortalFacts("new", NOW)]) == []


@pytest.mark.parametrize("rule", PORTAL_RULES, ids=lambda rule: rule.__name__)
def test_each_rule_notices_its_trouble_and_no_other(rule):
    facts, since, says = UNWELL[rule.__name__]
    (found,) = examine(WHOLE, [facts])
    assert (found.rule, found.portal, found.since) == (rule.__name__, "demo", since)
    assert says in found.says
    assert found.do


@pytest.mark.parametrize("rule", ARCHIVE_RULES, ids=lambda rule: rule.__name__)
def test_each_rule_of_the_archive_notices_its_trouble_and_no_other(rule):
    facts, since, says = UNWELL_WHOLE[rule.__name__]
    (found,) = examine(facts, [WELL])
    assert (found.rule, found.portal, found.since) == (rule.__name__, "", since)
    assert says in found.says


@pytest.mark.parametrize(
    "facts",
    [
        replace(WELL, overdue=NOW - HOUR / 2),  # a queue
        replace(WELL, overdue=NOW - 2 * HOUR, running=ran(0)),
        replace(WELL, runs=[ran(1, Exit.PARTLY), ran(2, Exit.PARTLY), ran(3)]),
        replace(WELL, runs=[replace(ran(n, Exit.INTERRUPTED), planned=None) for n in (1, 2, 3)]),
        replace(WELL, runs=[ran(1, failures={"robots": 5})]),  # some corner is forbidden
        replace(WELL, runs=[ran(1, failures={"dns": 5})]),  # a link to nowhere
        replace(WELL, held=NOW + HOUR / 60),
        replace(WELL, windows=[0, 3, 2, 4]),  # too small to tell
        replace(WELL, windows=[0, 30]),  # too young
        replace(WELL, stories=stories(3, 5)),
        replace(WELL, usual_words=35, stories=stories(SAMPLE, 8)),  # a portal of briefs
        replace(WELL, stories=stories(2, 200, body="x") + stories(8, 200)),
        replace(WELL, feeds={FEED: [FeedReading(seen(1, 503), 0), FeedReading(seen(2), 9)]}),
        replace(WELL, feeds={FEED: [FeedReading(seen(n), None) for n in range(5)]}),  # unchanged
    ],
)
def test_what_is_no_trouble(facts):
    assert examine(WHOLE, [facts]) == []


def test_damage_and_a_feed_without_items_and_no_tls_are_told_too():
    (found,) = examine(replace(WHOLE, verified=Check("verify", NOW, 3)), [])
    assert "3 damages" in found.says
    empty = {FEED: [FeedReading(seen(n), 0) for n in (1, 2)]}
    (found,) = examine(WHOLE, [replace(WELL, feeds=empty)])
    assert "lists nothing" in found.says
    (found,) = examine(WHOLE, [replace(WELL, runs=[ran(1, failures={"tls": 4}, captures={})])])
    assert found.rule == "certificate"
    (found,) = examine(replace(WHOLE, verified=None, oldest=NOW - 181 * DAY), [])
    assert "never verified" in found.says


def test_runs_that_die_each_time_are_told():
    (found,) = examine(WHOLE, [replace(WELL, runs=[ran(n, Exit.INTERRUPTED) for n in (1, 2, 3)])])
    assert (found.rule, found.since) == ("failing", NOW - 3 * HOUR)
    assert "interrupted" in found.says


def test_every_rule_has_its_paragraph():
    headed = re.findall(r"^### `(\w+)`\n+(\S.+)", OPERATING.read_text("utf-8"), re.M)
    rules = [rule.__name__ for rule in (*PORTAL_RULES, *ARCHIVE_RULES)]
    assert sorted(name for name, _ in headed) == sorted(rules)
    assert all(len(paragraph) > 80 for _, paragraph in headed)


def test_facts_of_a_real_portal(tmp_path):
    now = datetime.now(UTC)
    with PortalSite(articles=40) as site, closing(Ledger(tmp_path)) as ledger:
        declare(tmp_path, site, schedule="daily")
        crawl(tmp_path)
        (facts,) = portal_facts(tmp_path, ledger, now)
        whole = archive_facts(tmp_path, ledger, now, floor=0)
        assert examine(whole, [replace(facts, now=now)]) == []
        assert (whole.behind, whole.index_behind, whole.abandoned) == (0, [], [])
        assert len(facts.stories) == SAMPLE
        assert facts.usual_words > 20
        assert facts.feeds[site.url + "feed/"][0].links > 0
        assert facts.themes[0].name
        assert facts.robots[0].url.endswith("/robots.txt")
        assert facts.next > now
        (tmp_path / "index.cdxj").write_bytes(b"")
        shutil.rmtree(tmp_path / "search")
        whole = archive_facts(tmp_path, ledger, now, floor=0)
        assert whole.index_behind
        assert whole.unsearchable
        for command in ("recover", "ingest"):
            assert morestories(command, "--archive", tmp_path).returncode == Exit.OK
        whole = archive_facts(tmp_path, ledger, now, floor=0)
        assert (whole.index_behind, whole.unsearchable) == ([], False)
        # Evidence leads to the record.
        place = facts.stories[0].seen
        shown = morestories("try", f"{tmp_path / 'warc' / place.warc}#{place.offset}")
        assert place.url in shown.stdout + shown.stderr


def test_what_is_excluded_is_listed_and_expected_of_nobody(tmp_path):
    declare(tmp_path, "http://127.0.0.1:9/", schedule="hourly")
    with closing(Ledger(tmp_path)) as ledger:
        for day in range(4):
            at = NOW - timedelta(days=day)
            ledger.end(ledger.begin("demo", at, planned=at), Exit.SETTING, at, {"cause": "x"})
    before = json.loads(morestories("status", "--json", "--archive", tmp_path).stdout)
    assert "failing" in [one["rule"] for one in before["findings"]]
    out = exclusions.target("demo")
    exclusions.exclude(tmp_path, out, reason="court order", by="me", now=NOW)
    done = morestories("status", "--json", "--archive", tmp_path)
    told = json.loads(done.stdout)
    assert [one["rule"] for one in told["findings"] if one["portal"] == "demo"] == []
    assert "court order" in told["exclusions"][0]
    assert "court order" in told["portals"][0]["excluded"]
    assert "court order" in morestories("status", "--archive", tmp_path).stdout
    planned = morestories("schedule", "next", "--archive", tmp_path)
    assert (planned.returncode, "now" in planned.stdout) == (Exit.NOTHING, False)
    assert "court order" in morestories("schedule", "list", "--archive", tmp_path).stdout


def crawl(folder: Path) -> None:
    done = morestories("crawl", "demo", "--archive", folder)
    assert done.returncode == Exit.OK, done.stderr
