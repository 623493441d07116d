"""Two texts compared by word; each side can be read back from the comparison."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from archive.replay.difference import compare, counted
from tests.archive.replay.serving import replaying
from tests.archive.store.newspaper import EDITED, address
from tests.crawler.crawls import morestories

TEXTS = st.lists(
    st.text(st.sampled_from("कखि\u094d\u200dी ।ab\u0902,"), min_size=1).filter(str.strip)
).map("\n".join)


def side(old: str, new: str, without: str) -> str:
    lines = ("".join(t for t, kind in line.parts if kind != without) for line in compare(old, new))
    return "".join(lines)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_back(old: str, new: str) -> None:
    assert side(old, new, "added") == old.replace("\n", "")
    assert side(old, new, "removed") == new.replace("\n", "")


def test_a_word_is_whole_with_its_signs() -> None:
    (line,) = compare("हिमाचल में दो घायल", "हिमाचली में दो घायल")
    assert line.parts == (("हिमाचल", "removed"), ("हिमाचली", "added"), (" में दो घायल", "same"))


def test_a_changed_phrase_stays_together() -> None:
    (line,) = compare("कल दो लोग घायल हुए", "कल तीन बच्चे घायल हुए")
    assert line.parts == (
        ("कल ", "same"),
        ("दो लोग", "removed"),
        ("तीन बच्चे", "added"),
        (" घायल हुए", "same"),
    )


def test_a_paragraph_that_is_new_is_a_line_of_its_own() -> None:
    lines = compare("पहला।\nतीसरा।", "पहला।\nदूसरा पैरा।\nतीसरा।")
    assert [line.kind for line in lines] == ["same", "added", "same"]
    assert counted(lines) == (0, 2)


def test_the_command_tells_what_changed(landed: Path) -> None:
    done = morestories("diff", address(2), "--archive", landed)
    assert done.returncode == 0, done.stderr
    assert "बर्फबारी [-से जनजीवन प्रभावित-]{+थमी+}, " in done.stdout
    told = json.loads(morestories("diff", address(2), "--json", "--archive", landed).stdout)
    assert (told["from"]["number"], told["to"]["number"], told["to"]["title"]) == (1, 2, EDITED)
    assert told["from"]["replay"].endswith(f"/web/20260301060200/{address(2)}")
    one = morestories("diff", address(1), "--archive", landed)
    assert (one.returncode, "only one revision" in one.stderr) == (8, True)
    none = morestories("diff", "https://khabar.test/nothing", "--archive", landed)
    assert (none.returncode, "no story" in none.stderr) == (8, True)


def test_a_page_shows_both_side_by_side(landed: Path) -> None:
    with replaying(landed) as server:
        got = server.get(f"/diff?url={address(2)}")
        assert got.status == 200
        assert "<ins>" in got.text
        assert "<del>" in got.text
        for stamp in ("20260301060200", "20260302060100"):
            page = f"/web/{stamp}mp_/{address(2)}"
            assert f'<iframe src="{page}"' in got.text
            assert server.get(page).status == 200
        back = server.get(f"/diff?url={address(2)}&from=20260302060100&to=20260301060200")
        assert "Nothing to compare" not in back.text
        assert server.get(f"/diff?url={address(1)}").status == 404


def test_the_front_page_finds_addresses_and_words(landed: Path) -> None:
    with replaying(landed) as server:
        front = server.get("/").text
        assert "ख़बर" in front
        assert "stories" in front
        found = server.get(
            "/search?q=%E0%A4%AC%E0%A4%B0%E0%A5%8D%E0%A4%AB%E0%A4%AC%E0%A4%BE%E0%A4%B0%E0%A5%80"
        )
        assert f'href="/web/{address(1)}"' in found.text
        assert server.get(f"/search?q={address(1)}").headers["location"] == f"/web/*/{address(1)}"
        shown = server.get(f"/captures?url={address(1)}")
        assert "2 captures" in shown.text
        assert "unchanged" in shown.text
        never = server.get(f"/web/2026/{address(2)}?utm_source=x&never=1")
        assert never.status == 404


def test_a_link_is_printed_with_each_row(landed: Path) -> None:
    done = morestories("query", "newest", "--links", "--format", "jsonl", "--archive", landed)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows
    assert all(row["replay"].endswith("/" + row["url"]) for row in rows)
    statement = "SELECT url, captured FROM captures WHERE status = 410"
    done = morestories("sql", statement, "--links", "--format", "jsonl", "--archive", landed)
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row["replay"] == f"http://127.0.0.1:8089/web/20260302060200/{row['url']}"
    wrong = morestories("sql", "SELECT 1", "--links", "--archive", landed)
    assert (wrong.returncode, "url" in wrong.stderr) == (3, True)
    found = json.loads(morestories("search", "बर्फबारी", "--json", "--archive", landed).stdout)
    assert found["hits"][0]["replay"].startswith("http://127.0.0.1:8089/web/https://khabar.test/")


def test_open_prints_the_link_of_the_nearest_capture(landed: Path) -> None:
    def opened(*arguments: str) -> str:
        done = morestories("open", *arguments, "--print", "--archive", landed)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert opened(address(2)) == f"http://127.0.0.1:8089/web/20260302060100/{address(2)}"
    assert opened(address(2), "--at", "2026-03-01").endswith(f"/20260301060200/{address(2)}")
    done = morestories("search", "बर्फबारी", "--json", "--archive", landed)
    hit = json.loads(done.stdout)["hits"][0]
    assert opened(str(hit["article"])).endswith(hit["url"])
    never = morestories("open", "https://khabar.test/x", "--print", "--archive", landed)
    assert (never.returncode, "never captured" in never.stderr) == (8, True)
