"""News agencies, as Indian and other pages sign them: one word, capitals, or Devanagari."""

from __future__ import annotations

TRIM = ' \t\n\r\u00a0|,;:/·•*-–—_()[]<>"“”।＠@&'

AGENCIES = frozenset(
    ("ani", "pti", "ians", "uni", "afp", "ap", "upi", "reuters", "dpa", "efe", "ansa", "tass", "xinhua", "bloomberg",
     "apa", "sda", "ntb", "tt", "ritzau", "epd", "kna", "sid", "lusa", "belga", "anp", "cna", "kyodo", "jiji",
     "associated press", "the associated press", "press association", "agence france-presse", "thomson reuters",
     "deutsche presse-agentur", "press trust of india", "pti bhasha", "hindusthan samachar", "uni varta",
     "united news of india", "asian news international", "agency", "agencies", "news agency", "ht", "tns", "hns",
     "एएनआई", "भाषा", "पीटीआई", "पीटीआई-भाषा", "पीटीआई भाषा", "पीटीआई/भाषा", "आईएएनएस", "यूएनआई", "वार्ता", "यूनीवार्ता",
     "हिन्दुस्थान समाचार", "हिंदुस्थान समाचार", "हि.स.", "हिस", "एजेंसी", "एजेंसियां", "एजेन्सी", "न्यूज एजेंसी",
     "न्यूज़ एजेंसी", "एएफपी", "एपी", "रायटर", "रायटर्स", "रॉयटर", "रॉयटर्स", "जेएनएन", "संवाद न्यूज एजेंसी", "एजेंसी इनपुट")
)  # fmt: skip


def is_agency(name: str) -> bool:
    """Tell whether a byline is a news agency's: "एएनआई", "भाषा", "PTI"."""
    return " ".join(name.casefold().strip(TRIM).split()) in AGENCIES or name.strip() in AGENCIES
