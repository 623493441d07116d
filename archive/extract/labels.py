"""Words that head or begin what is not the story: "More Stories", यह भी पढ़ें, Follow us …"""

from __future__ import annotations

import regex

_EDGE = regex.compile(r"^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$")
_SPACE = regex.compile(r"\s+")

# A heading that stands over other stories; compared whole, folded, without edge punctuation.
_HEADS = regex.compile(
    r"""(?:
    (?:read|view|see)?\s*more\s+(?:about(?:\s.{1,40})?|stories|news|articles|posts|from(?:\s.{1,40})?|on(?:\s.{1,40})?|in(?:\s.{1,40})?|like\s+this|reading|headlines|to\s+read)
  | (?:related|similar|recommended|suggested|other|further|latest|recent|trending|popular|top|featured|must)\s*(?:to\s+this\s+)?(?:stories|story|news|articles?|posts?|reads?|reading|topics?|links?|content|coverage|videos?|headlines|contents?)?(?:\s+(?:for|from|in|on|by|to)\s.{1,40})?
  | most\s+(?:read|popular|viewed|shared|commented|recent)(?:\s.{1,20})?
  | (?:you|people|readers)?\s*(?:may|might|will)\s+(?:also\s+)?(?:like|enjoy|be\s+interested(?:\s+in)?|have\s+missed)(?:\s+(?:this|these))?
  | you\s+might\s+also\s+like | (?:also|also\s+in|don.t\s+miss|check\s+also|up\s+next|read\s+(?:also|next|this|more)|also\s+read|see\s+also|in\s+case\s+you\s+missed\s+it|what\s+to\s+read\s+next|keep\s+reading|next\s+(?:story|article|read)|editor.?s\s+picks?|continue\s+reading|discover\s+more|around\s+the\s+web|from\s+around\s+the\s+web|promoted\s+(?:stories|links)|sponsored(?:\s+(?:stories|links|content))?|you\s+may\s+have\s+missed|leave\s+a\s+(?:reply|comment)|explore\s+more)
  | (?:यह|ये|इसे|इन्हें|इन|यहाँ|यहां|आप\s+यह|आप\s+ये)?\s*(?:खबर|ख़बर|खबरें|ख़बरें|खबरे|समाचार)?\s*(?:भी|जरूर|ज़रूर)\s*(?:पढ़ें|पढ़े|पढ़िए|पढ़ लें|पढें|देखें|देखे|पढ़ें और जानें)(?:\s+(?:खबरें|खबर|ख़बरें))?
  | (?:और|अन्य|अन्‍य|दूसरी|संबंधित|सम्बंधित|संबन्धित|सम्बन्धित|ताज़ा|ताजा|ताज़ातरीन|बड़ी|प्रमुख|मुख्य|लोकप्रिय|ट्रेंडिंग|मिलती[-\s]जुलती|इससे\s+जुड़ी|जुड़ी|नवीनतम|लेटेस्ट|चर्चित|आज\s+की|टॉप)(?:\s+(?:भी|बड़ी|ताज़ा|ताजा|हुई|प्रमुख))?\s+(?:खबरें|खबरे|ख़बरें|ख़बरे|खबर|ख़बर|समाचार|न्यूज़|न्यूज|लेख|पोस्ट|आर्टिकल|स्टोरी|स्टोरीज|सुर्खियां|सुर्खियाँ)
  | (?:और|आगे|अधिक|विस्तार\s+से)\s+(?:भी\s+)?(?:पढ़ें|पढ़िए|देखें) | (?:संबंधित|सम्बंधित) | (?:रिलेटेड|रेकमेंडेड|रिकमेंडेड)\s*(?:न्यूज़|न्यूज|खबरें|स्टोरी|स्टोरीज|पोस्ट)?
  | (?:सबसे\s+ज़?ज?्?यादा|सर्वाधिक)\s+(?:पढ़ी|पढ़े|देखी|लोकप्रिय)(?:\s.{1,20})? | आपको\s+(?:यह|ये)\s+भी\s+पसंद\s+(?:आ|आएगा|आ\s+सकता).{0,12}
  | (?:ही|हे)\s+(?:ही|देखील)\s+वाचा | हे\s+पण\s+वाचा | (?:संबंधित|ताज्या|इतर)\s+बातम्या | আরও\s+(?:পড়ুন|খবর) | এ\s+সম্পর্কিত.{0,20} | இதையும்\s+(?:படிங்க|படியுங்கள்) | మరిన్ని\s+వార్తలు | ఇది\s+కూడా\s+చదవండి | ഇതും\s+വായിക്കുക | ಇದನ್ನೂ\s+ಓದಿ | (?:આ\s+પણ\s+વાંચો) | ਇਹ\s+ਵੀ\s+ਪੜ੍ਹੋ | (?:یہ\s+بھی\s+پڑھیں|مزید\s+(?:خبریں|پڑھیں))
  | (?:mehr|weitere)\s+(?:zum\s+thema|artikel|nachrichten|meldungen|aus|von).{0,30} | (?:das\s+könnte\s+(?:sie|dich)\s+(?:auch\s+)?interessieren) | auch\s+interessant | lesen\s+sie\s+(?:auch|mehr).{0,20} | meistgelesen(?:e.{0,12})?
  | (?:à\s+lire\s+(?:aussi|également)|lire\s+(?:aussi|également)|sur\s+le\s+même\s+(?:sujet|thème)|articles?\s+(?:liés|similaires|recommandés)|les\s+plus\s+lus)
  | (?:le[ae]\s+también|te\s+puede\s+interesar|noticias?\s+relacionadas?|más\s+(?:noticias|información|leídas?|sobre.{1,30})|lo\s+más\s+(?:leído|visto)|también\s+te\s+puede\s+interesar)
  | (?:leia\s+(?:também|mais)|veja\s+(?:também|mais)|notícias\s+relacionadas|mais\s+lidas) | (?:leggi\s+anche|articoli\s+correlati|potrebbe\s+interessarti.{0,10}) | (?:lees\s+ook|meer\s+over.{1,30}|gerelateerd.{0,20}) | (?:læs\s+også|les\s+også|läs\s+(?:också|även|mer)) | (?:czytaj\s+(?:też|także|również)|zobacz\s+(?:też|także|również)|polecane) | (?:baca\s+juga|artikel\s+terkait|berita\s+terkait) | (?:читайте\s+также|ещё\s+по\s+теме|по\s+теме) | (?:ayrıca\s+okuyun|ilgili\s+haberler) | (?:関連記事|関連ニュース|あわせて読みたい|相关(?:新闻|阅读|文章)|推荐阅读|관련\s*기사)
    )""",
    regex.VERBOSE | regex.IGNORECASE,
)

# A line that begins so and goes on with a link to another story.
_INLINE = regex.compile(
    r"""(?:also\s+read|read\s+(?:also|more|next)|must\s+read|see\s+also|also\s+see|also\s+watch|don.t\s+miss|related|more\s*:|watch\s*:
  | (?:यह|ये|इसे|इन्हें|इस)?\s*(?:खबर|ख़बर|खबरें)?\s*(?:भी|जरूर|ज़रूर)\s*(?:पढ़ें|पढ़े|पढ़िए|पढें|देखें|देखे) | (?:और|आगे)\s+(?:भी\s+)?पढ़ें | संबंधित\s+(?:खबर|ख़बर|समाचार) | (?:इससे|इस\s+से)\s+जुड़ी
  | (?:हे|ही)\s+(?:ही|देखील|पण)\s+वाचा | আরও\s+পড়ুন | இதையும்\s+படி | ఇది\s+కూడా\s+చదవండి | ಇದನ್ನೂ\s+ಓದಿ | આ\s+પણ\s+વાંચો | ਇਹ\s+ਵੀ\s+ਪੜ੍ਹੋ | یہ\s+بھی\s+پڑھیں
  | lesen\s+sie\s+auch|mehr\s+zum\s+thema|à\s+lire\s+aussi|lire\s+aussi|lea\s+también|lee\s+también|te\s+puede\s+interesar|leia\s+também|leggi\s+anche|lees\s+ook|læs\s+også|les\s+også|läs\s+(?:också|även|mer)|czytaj\s+(?:też|także)|zobacz\s+też|baca\s+juga|читайте\s+также)""",
    regex.VERBOSE | regex.IGNORECASE,
)

# Calls to follow, subscribe, install, join: never part of a story when the line is short.
_CALL = regex.compile(
    r"""(?:whats\s*app|व्हाट्सएप|व्हाट्सऐप|वॉट्सऐप|वाट्सएप|व्हाट्सअप|telegram|टेलीग्राम).{0,60}(?:जुड़|जॉइन|ज्वाइन|join|फॉलो|follow|चैनल|ग्रुप|group|channel|क्लिक|click)
  | (?:google\s+news|गूगल\s+न्यूज़?).{0,50}(?:follow|फॉलो|फ़ॉलो|जुड़|पढ़)|(?:follow|फॉलो).{0,40}(?:google\s+news|facebook|twitter|instagram|youtube)
  | (?:फेसबुक|ट्विटर|इंस्टाग्राम|यूट्यूब|facebook|twitter|instagram|youtube).{0,60}(?:फॉलो\s+कर|फ़ॉलो\s+कर|पेज\s+को\s+लाइक|सब्सक्राइब|follow\s+us|like\s+us)
  | (?:हमारे|हमारा).{0,40}(?:न्यूज़?लेटर|ऐप|एप|चैनल|ग्रुप).{0,40}(?:सदस्यता|डाउनलोड|सब्सक्राइब|जुड़|ज्वाइन|जॉइन|लाइक|फॉलो)
  | (?:डाउनलोड|download)\s.{0,30}(?:ऐप|एप|\bapp\b)|(?:ऐप|एप)\s+डाउनलोड
  | (?:有料会員|会員登録|無料会員|会員限定|カテゴリーをフォロー)
  | (?:abonnieren|abonnez-vous|suscríbete|iscriviti|assine).{0,80}(?:newsletter|zeitung|jetzt|app)|(?:newsletter|infolettre).{0,80}(?:abonn|anmeld|inscri|suscr|sign\s+up|subscrib|erhalten|informier)|(?:sign\s+up|subscrib).{0,80}newsletter
  | (?:kostenlos|gratis)\s+testen|already\s+a\s+(?:subscriber|member)|subscribe\s+(?:now|today)|unlimited\s+(?:online\s+)?access|enable\s+javascript|requires\s+javascript|create\s+a\s+free\s+account|(?:click|tap)\s+here\s+(?:to|for)\s+(?:get|more|sign|subscribe|read|the)
  | like\s+this\s+(?:story|article)\?|share\s+(?:it|this)\s+(?:with|on|article|story)
  | subscribe\s+to\s+(?:our|the)|sign\s+up\s+(?:for|to)\s+(?:our|the|receive)|follow\s+us\s+on|join\s+(?:our|us\s+on)|(?:हमें|हमे)\s.{0,40}(?:फॉलो|फ़ॉलो|लाइक)\s+कर""",
    regex.VERBOSE | regex.IGNORECASE,
)

# Every call has one of these; most lines have none, and the long pattern is slow.
_CALL_WORD = regex.compile(
    r"whats|व्हाट्स|वॉट्स|वाट्स|telegram|टेलीग्राम|google|गूगल|follow|फॉलो|फ़ॉलो|लाइक|फेसबुक|facebook|youtube|यूट्यूब"
    r"|हमारे|हमारा|डाउनलोड|download|subscri|सब्सक्राइब|sign|join|member|access|javascript|account|here|share|abon|letter|suscr|iscri|assin|testen|ऐप|एप|会員|フォロー",
    regex.I,
)

_NOTICE = regex.compile(
    r"^\s*(?:©|\(c\)\s|copyright\b)|all rights reserved|सर्वाधिकार सुरक्षित|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|best viewed (?:with|in|on)\b",
    regex.I,
)


def folded(text: str) -> str:
    """Return ``text`` on one line without punctuation at its edges (combining marks stay)."""
    return _EDGE.sub("", _SPACE.sub(" ", text))


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


def is_call(text: str, *, longest: int = 150) -> bool:
    """Tell whether a line calls the reader to follow, join, subscribe or install.

    A line of more than ``longest`` characters is a paragraph that speaks of such things.
    """
    return (
        len(text) <= longest
        and _CALL_WORD.search(text) is not None
        and _CALL.search(text) is not None
    )


def is_notice(text: str) -> bool:
    """Tell whether a line is a copyright or browser notice."""
    return len(text) < 250 and _NOTICE.search(text) is not None
