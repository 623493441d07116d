"""WARC files → rows: live, imported and rebuilt alike."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import archive
from archive import cdxj, fixity
from archive.errors import BadSetting
from archive.ingest import Event, Ingest
from archive.rebuild import rebuild
from archive.store import schema
from archive.store.lock import writer_lock
from archive.warc.reader import read_captures
from tests.archive.store.newspaper import (
    EDITED,
    LAST_PAGE,
    PARAGRAPHS,
    SITE,
    address,
    exchange,
    first_crawl,
    second_crawl,
    story_page,
    write,
    write_all,
    writing,
)


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table and view of an archive."""
    names = [table.name for table in schema.TABLES] + [view.name for view in schema.VIEWS]
    with archive.open(folder) as connection:
        return {n: connection.execute(f"FROM {n} ORDER BY ALL").fetchall() for n in names}


def warcs(folder: Path) -> list[Path]:
    """Return the WARC files of an archive, without the indexes beside them."""
    return sorted((folder / "warc").glob("*.warc.gz"))


def one(folder: Path, sql: str, *values: Any) -> Any:
    with archive.open(folder) as connection:
        return connection.execute(sql, list(values)).fetchone()


def test_a_story_is_a_row_with_its_own_words(landed: Path) -> None:
    row = one(
        landed,
        "SELECT title, body, authors, published, section, portal, language FROM articles WHERE url = ?",
        address(5),
    )
    assert row is not None
    assert row[0] == "हिमाचल में बर्फबारी से जनजीवन प्रभावित, खबर संख्या 5"
    assert row[1] == "\n".join(f"{p} (5)" for p in PARAGRAPHS)
    assert row[2] == ["राकेश शर्मा"]
    assert row[3].isoformat() == "2026-02-06T04:00:00+00:00"
    assert row[4:] == ("हिमाचल", "khabar", "hi")


def test_the_name_of_a_text_is_the_digest_of_what_is_stored(landed: Path) -> None:
    with archive.open(landed) as connection:
        rows = connection.execute("SELECT title, body, text_sha FROM revisions").fetchall()
    assert rows
    for title, body, sha in rows:
        assert hashlib.sha256(f"{title}\n{body}".encode()).hexdigest() == sha


def test_an_edit_is_a_second_revision_and_the_article_is_the_latest(landed: Path) -> None:
    with archive.open(landed) as connection:
        rows = connection.execute(
            "SELECT number, title, latest FROM revisions WHERE url = ? ORDER BY number",
            [address(2)],
        ).fetchall()
    assert [(number, latest) for number, _, latest in rows] == [(1, False), (2, True)]
    assert rows[1][1] == EDITED
    assert one(landed, "SELECT title FROM articles WHERE url = ?", address(2)) == (EDITED,)


def test_a_revisit_extends_the_revision_and_an_amp_page_is_no_edit(landed: Path) -> None:
    row = one(
        landed,
        "SELECT number, captures, first_captured::DATE::VARCHAR, last_captured::DATE::VARCHAR "
        "FROM revisions WHERE url = ?",
        address(1),
    )
    assert row == (1, 3, "2026-03-01", "2026-03-02")
    assert one(landed, "SELECT count(*) FROM captures WHERE record = 'revisit'") == (1,)


def test_a_story_on_three_pages_is_one_article_in_order(landed: Path) -> None:
    with archive.open(landed) as connection:
        rows = connection.execute(
            "SELECT url, body, pages, number FROM articles WHERE url LIKE ?", [f"{address(20)}%"]
        ).fetchall()
    body = "\n".join(f"{p} (20)" for p in (*PARAGRAPHS, *LAST_PAGE))
    assert rows == [(address(20), body, 3, 1)]


def test_a_deleted_story_stays_and_is_noted(landed: Path) -> None:
    assert one(landed, "SELECT count(*) FROM articles WHERE url = ?", address(3)) == (1,)
    with archive.open(landed) as connection:
        assert connection.execute("SELECT url, status FROM gone").fetchall() == [(address(3), 410)]


def test_links_keep_their_kind_and_lead_to_articles(landed: Path) -> None:
    with archive.open(landed) as connection:
        more = connection.execute(
            "SELECT l.to_url, a.url FROM links l LEFT JOIN articles a ON a.article = l.to_article "
            "WHERE l.kind = 'more_stories' AND l.from_url = ? AND l.captured < '2026-03-02' "
            "ORDER BY position",
            [address(1)],
        ).fetchall()
    assert more == [(address(2), address(2)), (address(3), address(3))]
    kinds = "SELECT count(*) FROM links WHERE kind = ? AND from_url = ?"
    assert one(landed, kinds, "feed", f"{SITE}/feed/") == (2,)
    assert one(landed, kinds, "redirect", f"{SITE}/old-1") == (1,)


def test_what_did_not_become_a_story_is_counted(landed: Path) -> None:
    assert one(landed, "SELECT reason, detail FROM outcomes WHERE url = ?", f"{SITE}/lost") == (
        "status",
        "404",
    )


def test_an_archive_that_is_all_landed_gains_nothing(landed: Path) -> None:
    before = tables(landed)
    report = Ingest(landed, workers=1).run()
    assert (report.total, report.new, report.bytes) == (0, 0, 0)
    assert tables(landed) == before


def test_a_rebuild_gives_the_same_rows(landed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(landed, folder)
    before = tables(folder)
    report = rebuild(folder, workers=1)
    assert report.total == len(before["captures"])
    assert tables(folder) == before == tables(landed)
    assert not (folder / "rebuild").exists()


def test_files_that_grow_land_as_they_grow_and_give_the_same_rows(
    landed: Path, tmp_path: Path
) -> None:
    stop, reports = threading.Event(), []
    (tmp_path / "warc").mkdir()

    def follow() -> None:
        reports.append(Ingest(tmp_path, workers=1).follow(stop))

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        for crawl, exchanges in (("one", first_crawl()), ("two", second_crawl())):
            with writing(tmp_path, crawl) as writer:
                for number, each in enumerate(exchanges):
                    writer.write(each)
                    writer.sync()
                    if number in (0, 3, 9):
                        _wait_for_rows(tmp_path, crawl)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    # The writer's file names hold a random part; everything else must be the same.
    assert _without_names(tables(tmp_path)) == _without_names(tables(landed))
    before = tables(tmp_path)
    rebuild(tmp_path, workers=1)
    assert tables(tmp_path) == before
    assert reports[0].new >= len(before["articles"])  # page 2 of a story may land before page 1


def _wait_for_rows(folder: Path, crawl: str) -> None:
    """Wait until a capture of ``crawl``, whose file is still open, is a row."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if one(folder, "SELECT count(*) FROM captures WHERE crawl = ?", crawl)[0]:
                assert list((folder / "warc").glob("*.open"))
                return
        except archive.errors.ArchiveError:  # no catalog yet
            pass
        time.sleep(0.1)
    raise AssertionError("no row appeared while the file grew")


def _without_names(found: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Leave out what depends on the random part of file names: names, offsets, ids made of them."""
    ids = {"capture", "first_capture", "read_from", "revision", "warc", "info"}
    ids |= {"warc_offset", "warc_length", "next_offset", "bytes", "examples"}
    columns = {t.name: t.columns for t in (*schema.TABLES, *schema.VIEWS)}
    return {
        name: sorted(
            (
                tuple(v for v, c in zip(row, columns[name], strict=True) if c.name not in ids)
                for row in rows
            ),
            key=repr,
        )
        for name, rows in found.items()
    }


def test_the_order_of_import_does_not_matter(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_all(source)
    files = warcs(source)
    forwards, backwards = tmp_path / "forwards", tmp_path / "backwards"
    for folder, order in ((forwards, files), (backwards, files[::-1])):
        for file in order:  # each in a run of its own
            Ingest(folder, workers=1).run([file])
    assert tables(forwards) == tables(backwards)


def test_an_import_copies_and_a_second_one_adds_nothing(tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "archive"
    write(source, "one", first_crawl()[:3])
    (file,) = warcs(source)
    renamed = tmp_path / "same-bytes.warc.gz"
    shutil.copy(file, renamed)
    first = Ingest(folder, workers=1).run([file])
    assert first.total == 3
    assert Ingest(folder, workers=1).run([file, renamed]).total == 0
    assert [kept.name for kept in warcs(folder)] == [file.name]
    assert list(fixity.read(folder)[0]) == [file.name]
    assert cdxj.lookup(folder, address(1))
    file.unlink()
    assert (folder / "warc" / file.name).is_file()


def test_another_file_of_the_same_name_is_kept_beside(tmp_path: Path) -> None:
    folder, names = tmp_path / "archive", []
    for part in ("a", "b"):
        write(tmp_path / part, "one", [exchange(address(1), story_page(1), ord(part))])
        (file,) = warcs(tmp_path / part)
        names.append(file.rename(tmp_path / part / "x.warc.gz"))
    Ingest(folder, workers=1).run(names)
    assert len(warcs(folder)) == 2
    assert one(folder, "SELECT count(*) FROM captures") == (2,)


def test_a_missing_file_and_one_that_is_no_warc_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="no such WARC file"):
        Ingest(tmp_path / "a").run([tmp_path / "none.warc.gz"])
    (tmp_path / "page.html").write_text("x")
    with pytest.raises(BadSetting, match="not named like a WARC"):
        Ingest(tmp_path / "a").run([tmp_path / "page.html"])


def test_damage_is_an_outcome_that_names_file_and_byte_once(tmp_path: Path) -> None:
    write(tmp_path, "one", first_crawl()[:4])
    (file,) = warcs(tmp_path)
    stored = bytearray(file.read_bytes())
    third = list(read_captures(file))[2]
    middle = third.offset + third.length // 2
    stored[middle : middle + 40] = bytes(40)
    file.write_bytes(stored)
    for _ in range(2):
        Ingest(tmp_path, workers=1).run()
    with archive.open(tmp_path) as connection:
        damaged = connection.execute(
            "SELECT warc, warc_offset FROM outcomes WHERE reason = 'damaged'"
        ).fetchall()
        captures = connection.execute("SELECT count(*) FROM captures").fetchone()
    assert damaged == [(file.name, third.offset)]
    assert captures == (3,)


def test_a_file_with_nothing_in_it_is_damage_too(tmp_path: Path) -> None:
    (tmp_path / "warc").mkdir()
    (tmp_path / "warc" / "empty.warc.gz").write_bytes(b"")
    (tmp_path / "warc" / "noise.warc.gz").write_bytes(gzip.compress(b"nothing of the kind"))
    for _ in range(2):
        Ingest(tmp_path, workers=1).run()
    with archive.open(tmp_path) as connection:
        found = connection.execute("SELECT warc, reason FROM outcomes ORDER BY 1").fetchall()
    assert found == [("noise.warc.gz", "damaged")]


def test_a_second_ingest_waits_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, "one", first_crawl()[:2])
    said: list[str] = []
    waiting = threading.Event()

    def on_event(event: Event) -> None:
        said.append(event.kind)
        waiting.set()

    thread = threading.Thread(target=Ingest(tmp_path, workers=1, on_event=on_event).run)
    with writer_lock(tmp_path, lambda: None):
        thread.start()
        assert waiting.wait(10)
        assert thread.is_alive()
    thread.join(60)
    assert said[0] == "waiting"
    assert "landed" in said
    assert one(tmp_path, "SELECT count(*) FROM captures") == (2,)


def test_what_a_crashed_crawl_left_open_is_sealed_and_landed(tmp_path: Path) -> None:
    with writing(tmp_path, "one") as writer:
        for each in first_crawl()[:3]:
            writer.write(each)
            writer.sync()
        (growing,) = (tmp_path / "warc").glob("*.open")
        left = tmp_path / "left" / "warc" / growing.name
        left.parent.mkdir(parents=True)
        left.write_bytes(growing.read_bytes() + b"\x1f\x8b\x08\x00 half a record")
    folder = left.parents[1]
    assert Ingest(folder, workers=1).run().total == 3
    assert [file.name for file in warcs(folder)] == [growing.name.removesuffix(".open")]
    assert one(folder, "SELECT count(*) FROM outcomes WHERE reason = 'damaged'") == (0,)
