"""Words that head or begin what is not the story: "More Stories", यह भी पढ़ें, Follow us …

Patterns are matched on NFC without regard to case: in NFC a Devanagari letter with nukta (ढ़, ज़)
has one spelling, on pages it has two.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

_EDGE = regex.compile(r"^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$")
_SPACE = regex.compile(r"\s+")


def _any(*alternatives: str) -> regex.Pattern[str]:
    """Compile alternatives in which a blank stands for white space, and " ?" for some or none."""
    joined = "|".join(alternatives).replace(" ?", r"\s*").replace(" ", r"\s+")
    return regex.compile(unicodedata.normalize("NFC", f"(?:{joined})"), regex.I)


_NEWS = "(?:खबरें|खबरे|खबर|ख़बरें|ख़बरे|ख़बर|समाचार|न्यूज़|न्यूज|लेख|पोस्ट|आर्टिकल|स्टोरी|स्टोरीज|स्टोरीज़|सुर्खियां|सुर्खियाँ|वीडियो)"
_READ = "(?:पढ़ें|पढ़े|पढ़िए|पढ़ लें|पढें|पढे|देखें|देखे|देखिए|जानें)"
_THIS = "(?:यह|ये|इसे|इन्हें|इन|इस|आप यह|आप ये)"

# A heading that stands over other stories; compared whole, without punctuation at its edges.
_HEADS = _any(
    # English
    "(?:read |view |see )?more (?:about(?: .{1,40})?|(?:stor(?:y|ies)|news|articles|posts)(?: (?:from|in|on|by) .{1,30})?|from(?: .{1,40})?|on(?: .{1,40})?|in(?: .{1,40})?|like this|reading|headlines|to read)",
    "(?:related|similar|recommended|suggested|other|further|latest|recent|trending|popular|top|featured|must)(?: to this)? (?:stor(?:y|ies)|news|articles?|posts?|reads?|reading|topics?|links?|content|coverage|videos?|headlines|now|stuff)(?: (?:for|from|in|on|by|to) .{1,40})?",
    "(?:related|similar|recommended|trending|popular)(?: (?:for|to) .{1,20})?",
    "most (?:read|popular|viewed|shared|commented|recent)(?: .{1,20})?",
    "(?:you |people |readers )?(?:may|might|will) (?:also )?(?:like|enjoy|be interested(?: in)?|have missed)(?: (?:this|these))?",
    "also (?:read|like|in .{1,30})|(?:read|see|check) also|read (?:next|this|more)|see also|don.t miss|up next|in case you missed it|what to read next|keep reading|continue reading|next (?:story|article|read)|prev(?:ious)? (?:story|article|post)",
    "editor.?s picks?|discover more|explore more|(?:from )?(?:around )?the web|from the web|promoted (?:stories|links|content)|sponsored (?:stories|links|content)|you may have missed|leave a (?:reply|comment)|web stor(?:y|ies)|photo (?:gallery|stor(?:y|ies))",
    # Hindi
    f"(?:{_THIS} )?(?:{_NEWS} )?(?:(?:को )?भी|जरूर|ज़रूर) {_READ}(?: {_NEWS})?",
    f"(?:इन|इस) (?:खबरों|ख़बरों|खबर|ख़बर) को (?:भी )?{_READ}|{_READ} (?:यह|ये) भी",
    f"(?:और|अन्य|अन्‍य|दूसरी|संबंधित|सम्बंधित|संबन्धित|सम्बन्धित|ताज़ा|ताजा|बड़ी|प्रमुख|मुख्य|लोकप्रिय|ट्रेंडिंग|पॉपुलर|मिलती जुलती|मिलती-जुलती|इससे जुड़ी|जुड़ी|नवीनतम|लेटेस्ट|चर्चित|आज की|टॉप|रिलेटेड|रिकमेंडेड|रेकमेंडेड)(?: (?:भी|बड़ी|ताज़ा|ताजा|हुई|प्रमुख))? {_NEWS}",
    f".{{2,25}} (?:की|से|में) (?:और|अन्य|ताज़ा|ताजा|बड़ी) {_NEWS}|{_NEWS} और भी हैं?|{_NEWS} जो आप .{{2,25}}",
    f"(?:और|आगे|अधिक|और अधिक|विस्तार से) (?:भी )?{_READ}|संबंधित|सम्बंधित|रिलेटेड|वेब स्टोरी(?:ज|ज़)?|फोटो गैलरी",
    "(?:सबसे ज़?ज?्?यादा|सर्वाधिक) (?:पढ़ी|पढ़े|देखी|लोकप्रिय)(?: .{1,20})?|आपको (?:यह|ये) भी पसंद .{1,16}|आपके लिए(?: (?:खास|ख़ास|चुनी .{1,12}))?|(?:टिप्पणी|कमेंट) करें",
    # Marathi, Bengali, Tamil, Telugu, Malayalam, Kannada, Gujarati, Punjabi, Urdu
    "(?:हे|ही|हेही) (?:ही |देखील |पण )?वाचा|हेही वाचा|(?:संबंधित|ताज्या|इतर) बातम्या|আরও (?:পড়ুন|খবর)|এ সম্পর্কিত.{0,20}|இதையும் (?:படிங்க|படியுங்கள்)|మరిన్ని వార్తలు|ఇది కూడా చదవండి|ഇതും വായിക്കുക|ಇದನ್ನೂ ಓದಿ|આ પણ વાંચો|ਇਹ ਵੀ ਪੜ੍ਹੋ|یہ بھی پڑھیں|مزید (?:خبریں|پڑھیں)",
    # European and East Asian languages
    "(?:mehr|weitere) (?:zum thema|artikel|nachrichten|meldungen|aus|von|videos).{0,30}|das könnte (?:sie|dich) (?:auch )?interessieren|auch interessant|lesen sie (?:auch|mehr).{0,20}|meistgelesen(?:e.{0,12})?",
    "(?:à )?lire (?:aussi|également)|sur le même (?:sujet|thème)|articles? (?:liés|similaires|recommandés)|les plus lus",
    "le[ae] también|(?:también )?te puede interesar|noticias? relacionadas?|más (?:noticias|información|leídas?|sobre.{1,30})|lo más (?:leído|visto)|leia (?:também|mais)|veja (?:também|mais)|notícias relacionadas|mais lidas|leggi anche|articoli correlati|potrebbe interessarti.{0,10}",
    "lees ook|meer over.{1,30}|gerelateerd.{0,20}|læs også|les også|läs (?:också|även|mer)|czytaj (?:też|także|również)|zobacz (?:też|także|również)|polecane|baca juga|artikel terkait|berita terkait|читайте также|ещё по теме|по теме|ayrıca okuyun|ilgili haberler",
    "関連記事|関連ニュース|あわせて読みたい|相关(?:新闻|阅读|文章)|推荐阅读|관련 ?기사",
)  # fmt: skip

# A line that begins so and goes on with a link to another story.
_INLINE = _any(
    "also read|read (?:also|more|next|this)|must read|see also|also see|also watch|don.t miss|related|more ?:|watch ?:",
    f"(?:{_THIS} )?(?:{_NEWS} )?(?:(?:को )?भी|जरूर|ज़रूर) {_READ}|(?:और|आगे|पूरी खबर|विस्तार से) (?:भी )?पढ़ें|पढ़ें ?[:：-]|देखें वीडियो|संबंधित {_NEWS}|(?:इससे|इस से) जुड़ी",
    "(?:हे|ही) (?:ही|देखील|पण) वाचा|हेही वाचा|আরও পড়ুন|இதையும் படி|ఇది కూడా చదవండి|ಇದನ್ನೂ ಓದಿ|આ પણ વાંચો|ਇਹ ਵੀ ਪੜ੍ਹੋ|یہ بھی پڑھیں",
    "lesen sie auch|mehr zum thema|à lire aussi|lire aussi|lea también|lee también|te puede interesar|leia também|leggi anche|lees ook|læs også|les også|läs (?:också|även|mer)|czytaj (?:też|także)|zobacz też|baca juga|читайте также",
)  # fmt: skip

# So plain a pointer that it needs no link to be one.
_POINTER = _any(
    rf"(?:also read|read also)\s*[:：|–—-]|{_THIS} (?:{_NEWS} )?(?:को )?भी {_READ}\s*[:：|–—-]|{_THIS} (?:{_NEWS} )?(?:को )?भी {_READ}\s*[:：|–—-]?\s*$"
)

_PLACE = "(?:whats ?app|व्हाट्सएप|व्हाट्सऐप|व्हॉट्सऐप|वॉट्सऐप|वाट्सएप|व्हाट्सअप|व्हाट्सप्प|telegram|टेलीग्राम|google news|गूगल न्यूज़|गूगल न्यूज|facebook|फेसबुक|twitter|ट्विटर|instagram|इंस्टाग्राम|youtube|यूट्यूब|कू ऐप)"
_DO = r"(?:जुड़ने के लिए|जुड़ने हेतु|जुड़ें|जुड़िए|(?:जॉइन|ज्वाइन|ज्वॉइन|फॉलो|फ़ॉलो|लाइक|सब्सक्राइब|क्लिक|टैप)\s*(?:करें|कीजिए|करने के लिए|कर सकते हैं|व शेयर|और शेयर)|\bjoin (?:us|our|now|the (?:group|channel))|\bfollow (?:us|our|the)|\bsubscribe\b|\blike (?:us|our)|\bclick here)"
_OURS = "(?:ऐप|एप|न्यूज़लेटर|न्यूजलेटर|चैनल|ग्रुप|पेज)"

# Calls to follow, subscribe, install, join. In Hindi only as commands: "व्हाट्सएप ग्रुप से जुड़े
# लोगों ने" is a story's own sentence.
_CALL = _any(
    f"{_PLACE}.{{0,80}}{_DO}|{_DO}.{{0,60}}{_PLACE}",
    f"(?:हमारे|हमारा|हमारी).{{0,40}}{_OURS}.{{0,40}}(?:सदस्यता लें|डाउनलोड करें|{_DO})|(?:डाउनलोड करें|download) .{{0,30}}(?:ऐप|एप|\\bapp\\b)|{_OURS} डाउनलोड करें|(?:हमें|हमे) .{{0,40}}(?:फॉलो|फ़ॉलो|लाइक) कर",
    "(?:ताज़ा|ताजा|लेटेस्ट|ब्रेकिंग|latest|breaking).{0,50}(?:खबरों|समाचारों|खबरें|समाचार|अपडेट|news|updates).{0,60}(?:के लिए|पढ़ने).{0,60}(?:जुड़े रह|जुड़ें|क्लिक करें|डाउनलोड करें|विजिट करें|बने रहें|फॉलो करें)|(?:खबरों|समाचारों|अपडेट) के लिए (?:जुड़े रह|बने रह|जुड़ें)",
    "有料会員|会員登録|無料会員|会員限定|カテゴリーをフォロー",
    "(?:abonnieren|abonnez-vous|suscríbete|iscriviti|assine).{0,80}(?:newsletter|zeitung|jetzt|app)|(?:newsletter|infolettre).{0,80}(?:abonn|anmeld|inscri|suscr|sign up|subscrib|erhalten|informier)|(?:sign up|subscrib|signing up).{0,80}newsletter",
    "(?:kostenlos|gratis) testen|already a (?:subscriber|member)|subscribe (?:now|today)|unlimited (?:online )?access|enable javascript|requires javascript|create a free account|(?:click|tap) here (?:to|for) (?:get|more|sign|subscribe|read|join|the)",
    r"like this (?:story|article)\?|share (?:it|this) (?:with|on|article|story)|subscribe to (?:our|the)|sign up (?:for|to) (?:our|the|receive)|follow us (?:on|at)|join (?:our|us on|whats ?app|telegram)\b",
)  # fmt: skip

# Every call has one of these; most lines have none, and the long pattern is slow.
_CALL_WORD = _any(
    "whats|व्हाट्स|व्हॉट्स|वॉट्स|वाट्स|telegram|टेलीग्राम|google|गूगल|follow|फॉलो|फ़ॉलो|लाइक|फेसबुक|facebook|youtube|यूट्यूब|twitter|instagram|ट्विटर|इंस्टा|कू ऐप"
    "|हमारे|हमारा|हमारी|हमें|हमे|डाउनलोड|download|subscri|सब्सक्राइब|sign|join|member|access|javascript|account|here|share|abon|letter|suscr|iscri|assin|testen|ऐप|एप|के लिए|会員|フォロー",
)  # fmt: skip

# Whole lines that a page's machinery leaves between paragraphs.
_STRAY = _any(
    "advertisements?|advertising|विज्ञापन|ads? by .{1,20}|loading|powered by .{0,20}|print(?: this page)?|share|share this(?: (?:article|post|story|news))?|शेयर करें|इसे शेयर करें|शेयर|tags?|टैग|टैग्स|follow us|comments?|no comments|reply|anzeige|werbung|publicité|publicidad|publicidade|annons|annonse|reklam|reklama|広告"
)  # fmt: skip

_NOTICE = _any(
    r"^\s*(?:©|\(c\)\s|copyright\b)|all rights reserved|सर्वाधिकार सुरक्षित|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|best viewed (?:with|in|on)\b"
)


def folded(text: str) -> str:
    """Return ``text`` in NFC, on one line, without punctuation at its edges (marks stay)."""
    return _EDGE.sub("", _SPACE.sub(" ", _nfc(text)))


@lru_cache(maxsize=8192)  # a portal's menus and headings come again on every page
def is_label(text: str) -> bool:
    """Tell whether the whole of ``text`` is a heading over other stories.

    >>> is_label("More Stories"), is_label("  ये खबरें भी पढ़ें :"), is_label("More rain in Shimla")
    (True, True, False)
    """
    if len(text) > 90:
        return False
    plain = folded(text)
    return 0 < len(plain) <= 60 and _HEADS.fullmatch(plain) is not None


def begins_inline(text: str) -> bool:
    """Tell whether a line begins as a pointer to another story."""
    return _INLINE.match(folded(text)) is not None


def is_pointer(text: str) -> bool:
    """Tell whether a line is a pointer to another story even if nothing in it is a link.

    >>> is_pointer("यह भी पढ़ें: शिमला में बर्फबारी"), is_pointer("यह भी पढ़ें और समझें कि नियम क्या हैं")
    (True, False)
    """
    return len(text) <= 220 and _POINTER.match(_EDGE.sub("", _nfc(text), count=1)) is not None


def is_call(text: str, *, longest: int = 150) -> bool:
    """Tell whether a line calls the reader to follow, join, subscribe or install.

    A line of more than ``longest`` characters is a paragraph that speaks of such things.
    """
    if len(text) > longest:
        return False
    plain = _nfc(text)
    return _CALL_WORD.search(plain) is not None and _CALL.search(plain) is not None


def is_stray(text: str) -> bool:
    """Tell whether a line is a word of the page's machinery: "Advertisement", शेयर करें."""
    return len(text) <= 40 and _STRAY.fullmatch(folded(text)) is not None


def is_notice(text: str) -> bool:
    """Tell whether a line is a copyright or browser notice."""
    return len(text) < 250 and _NOTICE.search(text) is not None


def _nfc(text: str) -> str:
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
