"""What a portal's pages teach, by pages written for it; no crawl, no store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from archive.article import Article
from archive.extract.learning import Witness, confront, learn, narrowed
from archive.extract.read import explain_page
from archive.layout import Layout
from archive.portal import Portal

AT = datetime(2026, 1, 1, tzinfo=UTC)
HOME = "https://gaon.example/"
LINE = "गांव की खबरें भेजने के लिए हमारे कार्यालय में सुबह दस से शाम पांच बजे तक संपर्क किया जा सकता है।"
PLACES = [
    "सोलन",
    "शिमला",
    "मंडी",
    "कुल्लू",
    "चंबा",
    "ऊना",
    "नाहन",
    "हमीरपुर",
    "बिलासपुर",
    "किन्नौर",
    "पालमपुर",
    "रामपुर",
]


def title(number: int) -> str:
    return f"{PLACES[number]} में {number + 3} सड़कों की मरम्मत का काम शुरू"


def story(number: int) -> list[str]:
    place = PLACES[number]
    return [
        f"{place} में लोक निर्माण विभाग ने {number + 3} सड़कों की मरम्मत का काम सोमवार से शुरू कर दिया है।",
        f"अधिशासी अभियंता ने बताया कि {place} की इन सड़कों पर {number + 20} लाख रुपये खर्च किए जाएंगे।",
        f"लोगों का कहना है कि {place} में बरसात के बाद से ये सड़कें खराब थीं और {number + 2} हादसे हुए।",
    ]


def page(number: int, lines: list[str], *, after: str = "") -> bytes:
    body = "".join(f"<p>{line}</p>" for line in lines)
    return (
        f"<html lang=hi><head><title>{title(number)}</title></head><body><div><div><h1>{title(number)}"
        f"</h1></div><div><div class=a>{body}</div>{after}</div></div></body></html>"
    ).encode()


def read(number: int, payload: bytes, layouts: tuple[Layout, ...] = ()) -> Article:
    reading = explain_page(payload, url=f"{HOME}{number}/", portal=Portal(layouts=layouts))
    assert reading is not None
    return reading.article


def witnesses(pages: dict[int, bytes]) -> list[Witness]:
    made = []
    for number, payload in pages.items():
        reading = explain_page(payload, url=f"{HOME}{number}/")
        assert reading is not None
        assert reading.observation is not None
        at = AT + timedelta(hours=number)
        made.append(Witness(reading.observation, number, number, at))
    return confront(made)


def read_with_all(pages: dict[int, bytes]) -> dict[int, list[str]]:
    """Return each page's lines, read with what all of the pages teach."""
    known = witnesses(pages)
    layouts = learn(known)
    return {
        one.capture: read(one.capture, pages[one.capture], narrowed(layouts, one)).text.split("\n")
        for one in known
    }


def test_a_line_of_most_stories_goes_wherever_it_stands() -> None:
    pages = {
        n: page(n, [LINE, *story(n)] if n % 2 else [*story(n), LINE]) for n in range(len(PLACES))
    }
    assert read(0, pages[0]).text.split("\n") == [*story(0), LINE]
    assert read_with_all(pages) == {n: story(n) for n in pages}


def test_three_pages_teach_nothing() -> None:
    pages = {n: page(n, [*story(n), LINE]) for n in range(3)}
    assert learn(witnesses(pages)) == ()


def test_a_paragraph_of_background_and_a_subhead_stay() -> None:
    """An affair's background comes again in its stories, and a subhead in many."""
    background = (
        "यह मामला पिछले वर्ष जुलाई में सामने आया था, जब विजिलेंस ने निदेशालय में छापेमारी कर फाइलें कब्जे में ली थीं।"
    )
    pages = {}
    for n in range(len(PLACES)):
        first, *rest = story(n)
        pages[n] = page(n, [first, "क्या है मामला", *rest, *([background] if n < 5 else [])])
    assert read_with_all(pages) == {n: read(n, pages[n]).text.split("\n") for n in pages}
    assert all("क्या है मामला" in lines for lines in read_with_all(pages).values())


def test_a_layout_that_would_leave_nothing_is_not_used() -> None:
    """A page that is only the repeated line says just that; it is no story without words."""
    pages = {n: page(n, [*story(n), LINE]) for n in range(8)} | {8: page(8, [LINE])}
    found = read_with_all(pages)
    assert found[8] == [LINE]
    assert found[3] == story(3)


def test_a_digest_of_the_days_news_keeps_its_headlines() -> None:
    """Other stories' headlines are cards on most pages; on this one they are its subheads."""
    pages = {n: page(n, [*story(n), title((n + 1) % 10), title((n + 2) % 10)]) for n in range(10)}
    digest = [line for n in range(9) for line in (title(n), story(n)[1])]
    pages[11] = page(11, [*story(11), *digest])
    found = read_with_all(pages)
    assert [found[n] for n in range(10)] == [story(n) for n in range(10)]
    assert found[11] == [*story(11), *digest]


def test_a_body_is_where_the_portals_other_bodies_are() -> None:
    """One sentence beside a longer box without a name: alone, the page has no text of its own."""
    notice = "".join(
        f"<p>{words} के पाठकों से निवेदन है कि अपने सुझाव इस पते पर भेजें, हम उन पर विचार करेंगे।</p>"
        for words in ("पहाड़", "मैदान", "शहर")
    )
    brief = f"{PLACES[10]} में सोमवार को दो घंटे बिजली नहीं रहेगी"
    pages = {n: page(n, story(n)) for n in range(10)}
    pages[10] = page(10, [brief], after=f"<div><div>{notice}</div></div>")
    assert brief not in read(10, pages[10]).text
    found = read_with_all(pages)
    assert found[10] == [brief]
    assert [found[n] for n in range(10)] == [story(n) for n in range(10)]


def test_the_order_of_the_pages_does_not_matter() -> None:
    pages = {n: page(n, [*story(n), title((n + 1) % 10), LINE]) for n in range(10)}
    known = witnesses(pages)
    assert learn(known) == learn(known[::-1])
    again = [replace(one, capture=one.capture) for one in known]
    assert learn(confront(again)) == learn(known)
