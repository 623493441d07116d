"""Copies from WARC files to answers: two newspapers that print one agency's reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive import query
from archive.capture import About, Exchange
from archive.ingest import Ingest
from archive.link import LinkKind
from archive.portal import Portal
from archive.rebuild import rebuild
from archive.store.reader import open as open_archive
from archive.warc.writer import WarcWriter
from tests.archive.store.newspaper import (
    LAST_PAGE,
    PARAGRAPHS,
    PORTAL,
    START,
    address,
    exchange,
    story_page,
)

FIRST = Portal("pahla", "पहला", "https://pahla.test/", "Asia/Kolkata", "hi")
LATER = Portal("dusra", "दूसरा", "https://dusra.test/", "Asia/Kolkata", "hi")

SNOW = (*PARAGRAPHS, *LAST_PAGE)
DAM = (
    "भाखड़ा बांध का जलस्तर खतरे के निशान से केवल चार फुट नीचे रह गया है और बोर्ड ने फाटक खोलने की तैयारी कर ली है।",
    "मुख्य अभियंता ने कहा कि निचले इलाकों के गांवों को पहले ही सूचना दे दी गई है और डरने की कोई बात नहीं है।",
    "पंजाब के तीन जिलों के उपायुक्तों ने नदी के किनारे बसे परिवारों को ऊंचे स्थानों पर जाने की सलाह दी है।",
    "सिंचाई विभाग के कर्मचारियों की छुट्टियां रद्द कर दी गई हैं तथा नियंत्रण कक्ष दिन रात काम कर रहा है।",
    "पिछले वर्ष इसी सप्ताह में जलाशय आधा खाली था जिससे किसानों को धान की रोपाई में कठिनाई हुई थी।",
)
CRICKET = (
    "महिला टीम ने धर्मशाला में खेले गए मुकाबले में मेहमान टीम को सात विकेट से हराकर श्रृंखला अपने नाम कर ली।",
    "कप्तान ने टॉस जीतकर पहले गेंदबाजी चुनी और उनके तेज गेंदबाजों ने शुरुआती ओवरों में ही कमर तोड़ दी।",
    "सलामी जोड़ी ने संभलकर खेलते हुए शतकीय साझेदारी की और दर्शकों ने खड़े होकर तालियां बजाईं।",
    "कोच ने कहा कि युवा खिलाड़ियों का प्रदर्शन अगले विश्व कप के लिए बहुत अच्छा संकेत है।",
)
OWN = {
    FIRST.id: (
        "कुल्लू के दशहरा मैदान में लगे पुस्तक मेले में इस बार पहाड़ी भाषा की दो सौ किताबें रखी गई हैं।",
        "आयोजक समिति की अध्यक्ष ने बताया कि बच्चों के लिए कहानी सुनाने का कोना अलग से बनाया गया है।",
        "मेला रविवार शाम तक चलेगा और प्रवेश निःशुल्क है, लेखक हर दोपहर पाठकों से मिलेंगे।",
    ),
    LATER.id: (
        "ऊना में नई रेल लाइन के लिए भूमि अधिग्रहण का काम पूरा होने पर ग्रामीणों को मुआवजे के चेक बांटे गए।",
        "सांसद ने कहा कि पटरी बिछाने का ठेका अगले महीने दिया जाएगा तथा स्टेशन की इमारत साथ बनेगी।",
        "किसानों ने मांग रखी कि खेतों तक पहुंचने के लिए अंडरपास की ऊंचाई बढ़ाई जाए।",
    ),
}
EDITED = tuple(p.replace("सुबह", "तड़के").replace("पहले ही", "समय रहते") for p in DAM)
PRINTED = {  # by portal: number, hour of 2026-02 (IST), paragraphs
    FIRST: ((1, 9, SNOW), (2, 9, DAM), (3, 15, CRICKET[:3]), (4, 9, OWN[FIRST.id])),
    LATER: ((1, 11, SNOW), (2, 12, EDITED), (3, 11, CRICKET), (5, 9, OWN[LATER.id])),
}


def printed(portal: Portal, number: int, hour: int, paragraphs: Iterable[str]) -> Exchange:
    """Return the exchange for one story, out at ``hour`` and captured a day after START."""
    url = f"{portal.home}himachal/khabar-{number}/"
    page = story_page(number, paragraphs=paragraphs, canonical=url)
    page = page.replace(b"T09:30:00", f"T{hour:02}:30:00".encode())
    about = About(portal.id, f"{portal.home}feed/", LinkKind.FEED, 1, "allowed")
    return replace(exchange(url, page, 24 * 60 + number), about=about)


def write(archive: Path, portal: Portal) -> None:
    info = {"software": "morestories", "morestories-crawl": portal.id, **portal.to_warcinfo()}
    with WarcWriter(archive / "warc", portal=portal.id, info=info, now=lambda: START) as writer:
        for number, hour, paragraphs in PRINTED[portal]:
            writer.write(printed(portal, number, hour, paragraphs))


def copies(archive: Path) -> list[tuple[Any, ...]]:
    with open_archive(archive) as connection:
        return connection.execute("FROM copies ORDER BY article").fetchall()


def asked(archive: Path, name: str) -> list[dict[str, Any]]:
    with open_archive(archive) as connection:
        result = query.ask(connection, query.load(name), {})
        columns = [column for column, *_ in result.description]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def test_two_papers_that_print_one_agency_s_reports(tmp_path: Path) -> None:
    for portal in (LATER, FIRST):  # the copies are landed before what they were copied from
        write(tmp_path, portal)
        Ingest(tmp_path, workers=1).run()
    found = [
        (row["portal"], row["url"].rstrip("/")[-1], row["kind"])
        for row in asked(tmp_path, "copies")
    ]
    assert sorted(found) == [
        ("dusra", "1", "same"), ("dusra", "2", "edited"), ("dusra", "3", "source"),
        ("pahla", "1", "source"), ("pahla", "2", "source"), ("pahla", "3", "cut"),
    ]  # fmt: skip
    assert asked(tmp_path, "who-copied-whom") == [
        {"first": "pahla", "later": "dusra", "stories": 2,
         "same": 1, "edited": 1, "cut": 0, "extended": 0, "hours_later": 2.5},
        {"first": "dusra", "later": "pahla", "stories": 1,
         "same": 0, "edited": 0, "cut": 1, "extended": 0, "hours_later": 4.0},
    ]  # fmt: skip
    before = copies(tmp_path)
    rebuild(tmp_path, workers=1)
    assert copies(tmp_path) == before


def test_a_page_that_comes_later_is_compared_though_the_revision_stays(tmp_path: Path) -> None:
    def page(number: int, paragraphs: Iterable[str]) -> Exchange:
        body = story_page(20, pages=2, page=number, paragraphs=paragraphs)
        return exchange(address(20, number), body, number)

    def keys() -> Any:
        with open_archive(tmp_path) as connection:
            return connection.execute("SELECT article, rules, keys FROM signatures").fetchall()

    info = {"software": "morestories", "morestories-crawl": "one", **PORTAL.to_warcinfo()}
    for number, paragraphs in ((1, SNOW), (2, DAM)):
        with WarcWriter(
            tmp_path / "warc", portal=PORTAL.id, info=info, now=lambda: START
        ) as writer:
            writer.write(page(number, paragraphs))
        Ingest(tmp_path, workers=1).run()
        if number == 1:
            [first] = keys()
    [both] = keys()
    assert both[:2] == first[:2]
    assert both[2] != first[2]
    rebuild(tmp_path, workers=1)
    assert keys() == [both]
