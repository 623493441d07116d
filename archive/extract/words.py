"""Words by which pages label a date: printed, or updated."""

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
