"""The language and script of a text, by its letters first: pages often declare the theme's."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import regex

# Scripts of news that we tell apart, by Unicode block order of Indian frequency.
SCRIPTS = {
    "Deva": "Devanagari", "Latn": "Latin", "Beng": "Bengali", "Guru": "Gurmukhi", "Gujr": "Gujarati",
    "Orya": "Oriya", "Taml": "Tamil", "Telu": "Telugu", "Knda": "Kannada", "Mlym": "Malayalam",
    "Arab": "Arabic", "Sinh": "Sinhala", "Tibt": "Tibetan", "Cyrl": "Cyrillic", "Grek": "Greek",
    "Hebr": "Hebrew", "Jpan": "Hiragana", "Hang": "Hangul", "Hani": "Han", "Thai": "Thai",
    "Mtei": "Meetei_Mayek", "Olck": "Ol_Chiki", "Ethi": "Ethiopic", "Geor": "Georgian",
    "Armn": "Armenian", "Mymr": "Myanmar", "Khmr": "Khmer", "Laoo": "Lao",
}  # fmt: skip
_OF_CHARACTER = {code: regex.compile(rf"\p{{Script={name}}}") for code, name in SCRIPTS.items()}
# Scripts that one language of news owns.
SOLE = {
    "Guru": "pa", "Gujr": "gu", "Orya": "or", "Taml": "ta", "Telu": "te", "Knda": "kn", "Mlym": "ml",
    "Sinh": "si", "Tibt": "bo", "Grek": "el", "Hebr": "he", "Jpan": "ja", "Hang": "ko", "Hani": "zh",
    "Thai": "th", "Mtei": "mni", "Olck": "sat", "Geor": "ka", "Armn": "hy", "Mymr": "my",
    "Khmr": "km", "Laoo": "lo",
}  # fmt: skip
# Languages that share a script, and their commonest words or own letters.
SHARED = {
    "Latn": {
        "en": "the of and to in is for on that with was", "de": "der die und das ist nicht von mit den auf",
        "fr": "le la les des et est dans pour une que", "es": "el los las que de en por una del con",
        "pt": "o os que de em uma do da não para", "it": "il di che la per una del della sono non",
        "nl": "de het een van en is dat niet met voor", "id": "yang dan di dengan untuk dari ini itu tidak pada",
        "tr": "ve bir bu için ile de da olarak olan daha", "sw": "ya na wa kwa katika ni za la hii kuwa",
        "sv": "och att det som en på är av för med till inte", "da": "og at det som en på er af for med til ikke",
        "no": "og at det som en på er av for med til ikke", "pl": "w i na z do się nie że jest to",
        "cs": "a v na se je že to s z do si ve",
    },
    "Deva": {
        "hi": "है हैं था थे थी के की का में से को ने और पर यह नहीं भी कि",
        "mr": "आहे आहेत होते होता आणि या च्या मध्ये ते हे नाही तर केली केले झाली",
        "ne": "छ छन् थियो हो र को मा लाई ले पनि गरेको भएको छैन भने",
        "sa": "अस्ति सन्ति इति च एव तत्र भवति",
        "bho": "बा बाड़े रहल रहे के में भइल गइल कइल",
    },
    "Beng": {"bn": "এই ও করে হয় থেকে এবং র", "as": "আৰু এই কৰা হৈছে পৰা লগত"},
    "Arab": {"ur": "ہے ہیں کے کی میں سے نے اور", "ar": "في من على أن إلى التي", "fa": "است در به از که را", "sd": "آهي جي ۾ کي"},
    "Cyrl": {"ru": "и в не на что с по", "uk": "і в не на що з та", "bg": "и на за се от да е", "sr": "и у је да на се"},
}  # fmt: skip
WORD = regex.compile(r"[\p{L}\p{M}\u200c\u200d]+")
CERTAIN = 6  # common words make out a Latin language that nothing declares,
TENTH = 10  # and one word in so many
ENOUGH = 2000  # letters that settle a script and a language; a page has more


def script_of(text: str) -> str:
    """Return the ISO 15924 code of the script most letters of ``text`` are in, or "".

    Kana makes a Chinese-looking text Japanese ("Jpan"). Marks count with their letters.

    >>> script_of("शिमला में IGMC")
    'Deva'
    """
    if text.isascii():
        return "Latn" if any(c.isalpha() for c in text) else ""
    counts: Counter[str] = Counter()
    for character, number in Counter(text[:ENOUGH]).items():
        counts[_script(character)] += number
    del counts[""]
    if counts["Jpan"] * 10 > counts["Hani"]:
        counts["Jpan"] += counts.pop("Hani", 0)
    best = counts.most_common(1)
    return best[0][0] if best and best[0][1] else ""


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return next((code for code, of in _OF_CHARACTER.items() if of.match(character)), "")


def language_of(text: str, declared: str = "") -> str:
    """Return the language of ``text`` as the first part of a BCP 47 tag ("hi"), or "".

    What a page declares (``lang``, ``og:locale``) is believed where it fits the script: a Hindi
    page that declares "en-US", as WordPress themes do, is Hindi. Languages of one script are told
    apart by their commonest words.
    """
    said = regex.split(r"[-_]", declared.strip().lower(), maxsplit=1)[0]
    said = said if 2 <= len(said) <= 3 and said.isalpha() else ""
    script = script_of(text)
    if not script:
        return said
    if script in SOLE:
        return SOLE[script]
    fits = said if said and _writes(said) == script else ""
    return _by_words(text[:ENOUGH], script, fits) if script in SHARED else fits


def _by_words(text: str, script: str, said: str) -> str:
    """Return the language whose commonest words stand most often; ``said`` unless clearly less."""
    common = SHARED[script]
    if said and said not in common:
        return said
    words = Counter(w.casefold() for w in WORD.findall(text))
    scores = {language: sum(words[w] for w in own.split()) for language, own in common.items()}
    best = max(scores, key=lambda language: (scores[language], language == said))
    if said and scores[said] * 2 >= scores[best]:
        return said
    certain = scores[best] >= CERTAIN and scores[best] * TENTH >= words.total()
    if script == "Latn" and not certain:
        return said
    return best if scores[best] else said or next(iter(common))


def _writes(language: str) -> str:
    """Return the script in which news of ``language`` is written."""
    for script, owner in SOLE.items():
        if owner == language:
            return script
    for script, languages in SHARED.items():
        if language in languages:
            return script
    other = {"mai": "Deva", "doi": "Deva", "kok": "Deva", "brx": "Deva", "ks": "Arab", "ps": "Arab",
             "be": "Cyrl", "mk": "Cyrl", "kk": "Cyrl", "am": "Ethi", "ti": "Ethi"}  # fmt: skip
    return other.get(language, "Latn")
