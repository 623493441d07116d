from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import exclusions
from archive.errors import BadSetting, StoreError
from archive.exclusions import FILE, HEAD, Exclusion, Exclusions, Standing, target

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = date(2026, 11, 3)


def take_out(archive: Path, what: str, **days: date) -> Exclusion:
    meant = target(what, days.get("first"), days.get("last"))
    return exclusions.exclude(archive, meant, reason="why", by="me", now=NOW)[0]


def put_back(archive: Path, what: str, **days: date) -> list[Exclusion]:
    meant = target(what, days.get("first"), days.get("last"))
    return exclusions.undo(archive, meant, reason="better", by="you", now=NOW)


@pytest.mark.parametrize(
    ("what", "url", "excluded"),
    [
        ("https://a.test/x/", "http://www.a.test/x", True),  # as SURTs fold
        ("https://a.test/x/", "https://a.test/x/?utm_source=rss", True),
        ("https://a.test/x/", "https://a.test/x/amp/", True),
        ("https://a.test/x/", "https://a.test/x/2/", False),
        ("https://a.test/x/", "https://m.a.test/x/", False),
        ("https://a.test/tag/*", "https://a.test/tag/", True),
        ("https://a.test/tag/*", "https://a.test/tag", True),
        ("https://a.test/tag/*", "https://a.test/tag?page=2", True),
        ("https://a.test/tag/*", "https://a.test/tag/x/y/", True),
        ("https://a.test/tag/*", "https://a.test/tags/", False),
        ("https://a.test/tag*", "https://a.test/tags/", True),
        ("https://a.test/?p=1*", "https://a.test/?p=12", True),
        ("https://a.test/?p=1*", "https://a.test/?p=21", False),
        ("https://a.test/x?p=1*", "https://a.test/x/?p=12", True),
        ("https://a.test/*", "https://a.test/", True),
        ("https://a.test/*", "https://b.a.test/", False),
        ("*.a.test", "https://b.a.test/x", True),
        ("*.a.test", "https://a.test/x", True),
        ("*.a.test", "https://ba.test/x", False),
        ("*.a.test", "https://a.testing/x", False),
        ("demo", "https://a.test/", True),
        ("demo-2", "https://a.test/", False),
        ("https://a.test/हिमाचल/*", "https://a.test/%E0%A4%B9%E0%A4%BF%E0%A4%AE%E0%A4%BE%E0%A4%9A%E0%A4%B2/1", True),
    ],
)  # fmt: skip
def test_what_falls_under_an_exclusion(tmp_path: Path, what: str, url: str, excluded: bool) -> None:
    take_out(tmp_path, what)
    found = exclusions.read(tmp_path).why(url, NOW, "demo")
    assert (found is not None) == excluded
    if found:
        assert str(found) == "why (excluded by me on 2026-11-24)"


def test_days_are_utc_and_inclusive(tmp_path: Path) -> None:
    take_out(tmp_path, "demo", first=DAY, last=DAY + timedelta(days=1))
    known = exclusions.read(tmp_path)
    day = datetime(2026, 11, 3, tzinfo=UTC)
    moments = [day - timedelta(seconds=1), day, day + timedelta(days=2, seconds=-1)]
    assert [known.why("x", at, "demo") is not None for at in moments] == [False, True, True]
    assert known.why("x", day + timedelta(days=2), "demo") is None
    assert known.why("x", None, "demo") is not None  # of a moment that is not known


def test_an_undo_is_another_line_and_the_history_stays(tmp_path: Path) -> None:
    take_out(tmp_path, "https://a.test/x")
    take_out(tmp_path, "https://a.test/x", first=DAY)
    assert [one.number for one in put_back(tmp_path, "https://a.test/x/", first=DAY)] == [2]
    assert [one.number for one in put_back(tmp_path, "http://www.a.test/x")] == [1]
    known = exclusions.read(tmp_path)
    assert known.standing == ()
    assert known.why("https://a.test/x", NOW, "") is None
    assert [(one.reason, one.undone and one.undone.by) for one in known.every] == [
        ("why", "you")
    ] * 2
    with pytest.raises(BadSetting, match="not excluded"):
        put_back(tmp_path, "https://a.test/x")
    take_out(tmp_path, "https://a.test/x")
    assert exclusions.read(tmp_path).why("https://a.test/x", NOW, "")


def test_the_same_twice_is_one_line(tmp_path: Path) -> None:
    meant = target("demo")
    first = exclusions.exclude(tmp_path, meant, reason="a", by="x", now=NOW)
    again = exclusions.exclude(tmp_path, meant, reason="b", by="y", now=NOW)
    assert (first[1], again[1], again[0]) == (True, False, first[0])


@pytest.mark.parametrize("what", ["", "a.test/x", "*.a.test/x", "https://a.test/*/x", "https://*"])
def test_what_is_no_target_is_refused(what: str) -> None:
    with pytest.raises(BadSetting):
        target(what)


def test_an_exclusion_needs_a_reason_and_days_in_order(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="--reason"):
        exclusions.exclude(tmp_path, target("demo"), reason=" ", by="me", now=NOW)
    with pytest.raises(BadSetting, match="after"):
        target("demo", DAY, DAY - timedelta(days=1))
    assert not (tmp_path / FILE).exists() or not (tmp_path / FILE).read_bytes()


def _many(archive: Path, word: str) -> None:
    for number in range(20):
        take_out(archive, f"https://{word}.test/{number}")
        take_out(archive, f"https://both.test/{number}")


def test_processes_that_exclude_at_once_make_one_chain(tmp_path: Path) -> None:
    spawn = get_context("spawn")
    processes = [spawn.Process(target=_many, args=(tmp_path, word)) for word in ("x", "y")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    known = exclusions.read(tmp_path)
    assert len(known.every) == 60  # what both took out is there once
    assert {one.target.what for one in known.every if "y.test" in one.target.what} == {
        f"https://y.test/{number}" for number in range(20)
    }


def _rewrite(archive: Path, change: object) -> None:
    path = archive / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))  # type: ignore[operator]


DAMAGES = {
    "changed": lambda lines: [lines[0].replace(b"a.test", b"c.test"), *lines[1:]],
    "dropped": lambda lines: [lines[0], lines[2]],
    "cut short": lambda lines: lines[:2],
    "the last changed": lambda lines: [*lines[:2], lines[2].replace(b"demo", b"dem0")],
    "torn": lambda lines: [*lines, lines[0][:30]],
    "emptied": lambda lines: [],
    "other words": lambda lines: [*lines, b'{"prev": "x"}\n'],
}


def three(archive: Path) -> Path:
    archive.mkdir(exist_ok=True)
    for what in ("https://a.test/x", "https://b.test/*", "demo"):
        take_out(archive, what)
    return archive


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_never_taken_for_no_exclusions(tmp_path: Path, damage: str) -> None:
    _rewrite(three(tmp_path), DAMAGES[damage])
    with pytest.raises(StoreError, match=r"nothing is given out"):
        exclusions.read(tmp_path)
    with pytest.raises(StoreError):
        Standing(tmp_path).now()


@pytest.mark.parametrize("name", [FILE, HEAD])
def test_a_file_that_was_deleted_is_missed(tmp_path: Path, name: str) -> None:
    standing = Standing(three(tmp_path))
    standing.now()
    (tmp_path / name).unlink()
    with pytest.raises(StoreError, match="gone"):
        standing.now()


def test_a_line_that_a_crash_cut_goes_with_the_next(tmp_path: Path) -> None:
    _rewrite(three(tmp_path), DAMAGES["torn"])
    take_out(tmp_path, "https://a.test/y")
    assert len(exclusions.read(tmp_path).every) == 4


def test_nothing_is_added_to_a_damaged_file(tmp_path: Path) -> None:
    _rewrite(three(tmp_path), DAMAGES["changed"])
    with pytest.raises(StoreError):
        take_out(tmp_path, "https://a.test/y")


def test_a_head_that_a_crash_left_behind_is_no_damage(tmp_path: Path) -> None:
    three(tmp_path)
    before = (tmp_path / HEAD).read_bytes()
    take_out(tmp_path, "https://a.test/z")
    (tmp_path / HEAD).write_bytes(before)
    assert len(exclusions.read(tmp_path).standing) == 4


def test_who_runs_long_hears_of_a_change(tmp_path: Path) -> None:
    standing = Standing(tmp_path)
    assert standing.reason("https://a.test/x", NOW, "") is None
    take_out(tmp_path, "https://a.test/x")
    assert standing.reason("https://a.test/x", NOW, "") == "why (excluded by me on 2026-11-24)"
    put_back(tmp_path, "https://a.test/x")
    assert standing.reason("https://a.test/x", NOW, "") is None


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_index_gives_what_one_by_one_would(random_: random.Random) -> None:
    parts = ["a", "b", "tag", "tags", "tag/x"]
    urls = [f"https://{random_.choice('ab')}.test/{random_.choice(parts)}" for _ in range(20)]
    targets = [
        target(random_.choice(["p", "q", f"{url}/*", f"{url}*", url, "*.test", "*.a.test"]))
        for url in urls[:4]
    ]
    every = [Exclusion(n, one, "r", "b", NOW) for n, one in enumerate(targets, 1)]
    known = Exclusions.of(every, "")
    for url in urls:
        alone = [one for one in every if Exclusions.of([one], "").why(url, NOW, "p")]
        assert known.why(url, NOW, "p") == (alone[0] if alone else None)


def test_lines_are_json_with_who_why_when_and_what(tmp_path: Path) -> None:
    take_out(tmp_path, "demo", first=DAY)
    told = json.loads((tmp_path / FILE).read_text())
    assert told.pop("prev") == "0" * 64
    assert told == {
        "exclude": "portal", "what": "demo", "from": "2026-11-03", "to": None,
        "reason": "why", "by": "me", "at": "2026-11-24T12:00:00+00:00",
    }  # fmt: skip
