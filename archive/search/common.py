"""The words that stand in a large part of all Hindi news stories.

Where two of them meet, the index has the pair as a word of its own: a phrase such as "ने कहा कि"
is else the dearest question of all, for the places of both words in nearly every story would
have to be compared. A word more or less here changes how fast a phrase is found, never what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from archive.search.keys import key

_LIST = """
का की के को से में पर ने तक और या एवं तथा व कि जो जिस जिन जिसके जिसमें जिससे इस इन इसके इनके इससे
इसमें उस उन उसके उनके उसे उन्हें उन्होंने इन्होंने वह वे यह ये हम हमारे मैं आप अपने कोई किसी कुछ कई सब
सभी हर एक दो तीन चार पांच दोनों न नहीं ना भी ही तो अब जब तब यहां वहां जहां वहीं कहां क्या क्यों कैसे ऐसे
जैसे है हैं हो हुआ हुई हुए होगा होगी होंगे होने होता होती था थे थी थीं कर करने करते करना करके किया किए
गया गई गए जा जाए जाएगा जाएगी जाता जाती जाने रहा रही रहे दिया दी दिए देने दें लिया ली लिए लेने लेकर
सकता सकते चुके चुका वाले वाला वाली आ आए आया आने कहा बताया बात बाद पहले साथ पास लेकिन अलावा द्वारा
अनुसार मुताबिक दौरान ओर तरह रूप समय दिन साल वर्ष आज कल सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार
रविवार बजे लाख करोड़ हजार रुपये कुल अधिक ज्यादा कम करीब सरकार राज्य देश भारत प्रदेश जिला क्षेत्र लोग
पुलिस मंत्री मुख्यमंत्री प्रधानमंत्री विभाग बड़ा नया सामने शामिल कारण काम जारी
"""
WORDS = tuple(_LIST.split())
COMMON = frozenset(key(word) for word in WORDS)


def pairs(keys: Sequence[str]) -> Iterable[str]:
    """Yield each two neighbours among ``keys`` that are both common, as one word.

    >>> list(pairs(["ने", "कह", "शिमल", "के", "लिए"]))
    ['ने+कह', 'के+लिए']
    """
    for first, second in pairwise(keys):
        if first in COMMON and second in COMMON:
            yield f"{first}+{second}"
