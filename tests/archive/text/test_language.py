"""Language and script: by letters first, by what is declared where that fits."""

from __future__ import annotations

import pytest

from archive.text.language import language_of, script_of

HINDI = "मुख्यमंत्री ने कहा कि सड़क का काम मार्च तक पूरा होगा और यह लोगों के लिए है।"


@pytest.mark.parametrize(
    ("text", "declared", "language", "script"),
    [
        (HINDI, "", "hi", "Deva"),
        (HINDI, "en-US", "hi", "Deva"),  # what WordPress themes declare
        (HINDI, "hi-IN", "hi", "Deva"),
        ("मुख्यमंत्री यांनी सांगितले की हे सरकार आहे आणि लोकांसाठी काम करते", "", "mr", "Deva"),
        ("प्रधानमन्त्रीले भने कि यो सरकार जनताको लागि काम गर्ने छ र", "", "ne", "Deva"),
        ("અમેરિકામાં રહેતાં પટેલનું મોત", "en_IN", "gu", "Gujr"),
        ("ਮੁੱਖ ਮੰਤਰੀ ਨੇ ਕਿਹਾ", "", "pa", "Guru"),
        ("وزیر اعلی نے کہا کہ یہ سڑک کے لیے ہے", "", "ur", "Arab"),
        ("韓国が戒厳令、大統領「野党が反国家行為」", "", "ja", "Jpan"),
        ("The minister said that the road was to be built in the state and that it is for all", "", "en", "Latn"),
        ("Der Minister sagte, dass die Straße nicht von dem Land und auf den Bergen ist", "en-US", "de", "Latn"),
        ("Regeringen presenterade budgeten", "sv-SE", "sv", "Latn"),
        ("Shimla mein barish", "", "", "Latn"),  # too little to tell
        ("", "hi", "hi", ""),
        ("", "", "", ""),
        ("12 34", "x-default", "", ""),
    ],
)  # fmt: skip
def test_language_and_script(text: str, declared: str, language: str, script: str) -> None:
    assert language_of(text, declared) == language
    assert script_of(text) == script
