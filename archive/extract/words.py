"""Words by which a line tells what it is: a published date, an update, a sentence."""

from __future__ import annotations

import regex

UPDATED_WORD = regex.compile(
    r"updat|modif|अपडेट|अद्यतन|संशोधित|संशोधन|aktualis|mis à jour|actualiz|oppdatert|opdateret|"
    r"uppdater|bijgewerkt|aggiorna|atualiz|zaktualiz|güncel|更新|수정",
    regex.I,
)
PUBLISHED_WORD = regex.compile(
    r"publi|post(?:ed)?\b|प्रकाशित|पब्लिश|प्रकाशन|\bfirst\b|created|दिनांक|तारीख|erstellt|ver[öo]ffentlicht|"
    r"yayın|公開|掲載|입력",
    regex.I,
)

# A line with one of these is no place and no name, however short.
_WORDS = (
    "है हैं था थे थी थीं में को ने से का के की और पर नहीं यह वह ये वे हो गया गई गए कि तो भी ही क्या "
    "सवाल जवाब नोट सूचना देखें पढ़ें वीडियो फोटो हाइलाइट्स अपडेट प्रश्न उत्तर स्रोत साभार एक इस उस जो "
    "the a an is are was were of and to note update updated watch video photo photos also read "
    "advertisement question answer explained exclusive breaking live opinion editorial source by q "
    "ans here how why what who when review analysis highlights warning disclaimer summary"
)
SENTENCE_WORDS = frozenset(_WORDS.split())
