"""``morestories try`` on files, records and addresses."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from uuid import uuid4

import pytest
import typer
from typer.testing import CliRunner

from archive.cli.try_ import register
from archive.errors import BadSetting, DamagedRecord

PAGE = Path(__file__).parents[2] / "data" / "pages" / "covernews.html"
URL = "https://pahadsamachar.example/2025/02/snow/"
LAST = "पुलिस ने लोगों से अनावश्यक यात्रा न करने की अपील की है।"

app = typer.Typer()
register(app)


@app.callback()
def root() -> None:
    """Stand in for morestories."""


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["try", *arguments])
    if result.exception is not None:
        raise result.exception
    assert result.exit_code == 0
    return result.output


@pytest.fixture
def record(tmp_path: Path) -> tuple[Path, int]:
    """Return a WARC of two records, and where the page's starts."""
    warc = tmp_path / "warc" / "one.warc.gz"
    warc.parent.mkdir()
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + PAGE.read_bytes()
    )
    info = member("warcinfo", b"software: a test\r\n", "application/warc-fields")
    page = member(
        "response", answer, "application/http;msgtype=response", f"WARC-Target-URI: {URL}"
    )
    warc.write_bytes(info + page)
    return warc, len(info)


def member(kind: str, block: bytes, content_type: str, *headers: str) -> bytes:
    """Return one gzip member of a WARC file."""
    lines = (
        "WARC/1.1",
        f"WARC-Type: {kind}",
        "WARC-Date: 2025-02-12T06:00:00Z",
        f"WARC-Record-ID: <urn:uuid:{uuid4()}>",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(block)}",
        *headers,
    )
    return gzip.compress("\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n")


def test_a_file_is_read_line_by_line() -> None:
    shown = run(str(PAGE), "--url", URL)
    assert f"+ {LAST}" in shown
    assert "headed More Stories" in shown
    assert "more_stories 3" in shown
    assert "कुल्लू के बुनकरों" not in shown.split("links")[0]


def test_json_holds_the_article_every_line_and_every_link() -> None:
    data = json.loads(run(str(PAGE), "--url", URL, "--json"))
    kept = [line["text"] for line in data["lines"] if line["kept"]]
    assert data["article"]["text"].splitlines() == kept
    assert kept[-1] == LAST
    assert all(line["why"] for line in data["lines"])
    assert sum(link["kind"] == "more_stories" for link in data["links"]) == 3
    assert data["root"].endswith("div.entry-content")


def test_a_record_is_read_at_its_offset(record: tuple[Path, int]) -> None:
    warc, offset = record
    data = json.loads(run(f"{warc}#{offset}", "--json"))
    assert data["article"]["url"] == URL
    assert data["article"]["text"].endswith(LAST)
    # by its name alone, from the archive's folder
    again = run(f"one.warc.gz#{offset}", "--archive", str(warc.parents[1]), "--json")
    assert json.loads(again) == data


def test_what_cannot_be_read_is_told_with_the_next_step(
    record: tuple[Path, int], tmp_path: Path
) -> None:
    warc, offset = record
    with pytest.raises(BadSetting, match=r"no file .*nowhere\.html"):
        run(str(tmp_path / "nowhere.html"))
    with pytest.raises(BadSetting, match="which record"):
        run(str(warc))
    with pytest.raises(BadSetting, match="no WARC"):
        run(f"nowhere.warc.gz#{offset}", "--archive", str(warc.parents[1]))
    with pytest.raises(DamagedRecord):
        run(f"{warc}#{offset + 7}")
    with pytest.raises(BadSetting, match=r"no sealed capture of https://e\.example/"):
        run("https://e.example/", "--archive", str(warc.parents[1]))
    text = tmp_path / "notes.html"
    text.write_text("just words")
    with pytest.raises(BadSetting, match="is no HTML page"):
        run(str(text))


def test_a_page_without_a_tree_shows_what_the_plain_reader_saw(tmp_path: Path) -> None:
    page = tmp_path / "huge.html"
    page.write_bytes(b"<html><body>" + f"<p>{LAST}</p>".encode() * 70_000)
    shown = run(str(page))
    assert "no tree" in shown
    assert LAST in shown
