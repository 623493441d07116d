"""Names in bylines, whole."""

from __future__ import annotations

import pytest

from archive.extract.agencies import is_agency
from archive.extract.authors import is_generic, read_authors


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("राकेश शर्मा", ("राकेश शर्मा",)),
        ("लेखक: राकेश शर्मा", ("राकेश शर्मा",)),
        ("राकेश शर्मा द्वारा", ("राकेश शर्मा",)),
        ("द्वारा राकेश शर्मा", ("राकेश शर्मा",)),
        ("By Admin October 12, 2024", ("Admin",)),
        ("By राकेश शर्मा | 12 दिसंबर 2024, 10:15 AM", ("राकेश शर्मा",)),
        ("Written by Anil Dogra, Senior Correspondent", ("Anil Dogra",)),
        ("एएनआई", ("एएनआई",)),
        ("भाषा", ("भाषा",)),
        ("PTI", ("PTI",)),
        ("Ravish", ("Ravish",)),
        ("राकेश शर्मा और अनिल डोगरा", ("राकेश शर्मा", "अनिल डोगरा")),
        ("Steve Peoples, Thomas Beaumont and Amelia Thomson", ("Steve Peoples", "Thomas Beaumont", "Amelia Thomson")),
        ("Written By: राकेश शर्मा, Edited By: अनिल डोगरा", ("राकेश शर्मा", "अनिल डोगरा")),
        ("Updated: 13 Dec 2024 10:15 AM IST By राकेश शर्मा", ("राकेश शर्मा",)),
        ("पं. रामकुमार शर्मा व अनिल", ("पं. रामकुमार शर्मा", "अनिल")),
        ("राकेश शर्मा, शिमला", ("राकेश शर्मा",)),
        ("PTI, New Delhi", ("PTI",)),
        ("हिमाचल ब्यूरो। शिमला", ("हिमाचल ब्यूरो",)),
        ("Rakesh Sharma (Mandi)", ("Rakesh Sharma",)),
        ("Byomkesh Bakshi", ("Byomkesh Bakshi",)),
        ("Image: Getty Images", ()),
        ("View all posts by the author", ()),
        ("https://www.facebook.com/someone", ()),
        ("desk@example.in", ()),
        ("By", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_names_are_kept_whole_and_nothing_else(byline: str, names: tuple[str, ...]) -> None:
    assert read_authors([byline]) == names


def test_each_name_once_in_order() -> None:
    assert read_authors(["PTI", "राकेश शर्मा", "pti"]) == ("PTI", "राकेश शर्मा")


def test_agencies_and_accounts_are_recognized() -> None:
    assert all(map(is_agency, ("एएनआई", "भाषा", "PTI", "IANS", "Press Trust of India")))
    assert not is_agency("राकेश शर्मा")
    assert is_generic("Admin")
    assert not is_generic("PTI")
