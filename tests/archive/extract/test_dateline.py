"""The place of a dateline, and short first lines that are none."""

from __future__ import annotations

import pytest

from archive.extract.dateline import read_dateline


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("शिमला। प्रदेश में बारिश", "शिमला"),
        ("सोलन,। कसौली क्षेत्र में", "सोलन"),
        ("सोलन, 12 दिसंबर (ब्यूरो): पुलिस ने", "सोलन"),
        ("प्रयागराज, जेएनएन। आम आदमी पार्टी", "प्रयागराज"),
        ("जागरण संवाददाता, शिमला। हिमाचल", "शिमला"),
        ("राज्य ब्यूरो, शिमला : हिमाचल", "शिमला"),
        ("नई दिल्ली, 12 दिसंबर (आईएएनएस)। प्रधानमंत्री", "नई दिल्ली"),
        ("शिमला (एएनआई): हिमाचल", "शिमला"),
        ("SHIMLA: The state", "SHIMLA"),
        ("MEXICO CITY (AP) — Mexico’s economy", "MEXICO CITY"),
        ("New Delhi, Dec 12 (PTI) Prime Minister", "New Delhi"),
        ("WASHINGTON — The Senate", "WASHINGTON"),
        ("शिमला, 12 दिसंबर\nमुख्यमंत्री ने", "शिमला"),
        ("Shimla, December 12\nThe state", "Shimla"),
        ("नई दिल्ली [भाषा]। प्रधानमंत्री", "नई दिल्ली"),
        ("मंडी/कुल्लू, 5 जनवरी। बारिश", "मंडी/कुल्लू"),
        ("शिमला", ""),
        ("अब देखना होगा। आगे", ""),
        ("यह सच है। और", ""),
        ("पुलिस जांच कर रही है।", ""),
        ("Update: the road is open", ""),
        ("(Reuters) — The New York", ""),
        ("सवाल: आप कब आए?", ""),
        ("आप की जिला उपाध्यक्ष ने कहा कि अधिकारी", ""),
        ("", ""),
    ],
)
def test_the_place_is_read_as_printed(text: str, place: str) -> None:
    assert read_dateline(text) == place
