"""Where a medication text is split, and what a word of use says: the kinds of `screening/data/sig_words.csv`."""

from __future__ import annotations

from enum import StrEnum

from screening.rules.names import LINE

BEGIN_ANOTHER = frozenset(
    {"and", "plus", "with", "or", "then", "+", "/"}
)  # rather than go on about the last one
SEPARATORS = BEGIN_ANOTHER | {",", ";", "|", "•", "·", LINE}  # "/" only between letters


class Kind(StrEnum):
    """`parts` says which of them may stand without a medicine."""

    NUMBER = "number"
    FRACTION = "fraction"
    UNIT = "unit"
    FORM = "form"  # what a number counts: 1 tablet, 2 puffs
    PILL = "pill"  # a form that people also call a medicine whose name they don't know
    THING = "thing"  # a patch, a cream, an inhaler: may be a medicine of its own
    MAKE = "make"  # salts, generic: belongs to a name
    RELEASE = "release"
    ROUTE = "route"
    TIME = "time"
    FOOD = "food"
    PURPOSE = "purpose"  # only behind for or need
    NEED = "need"
    FOR = "for"
    VERB = "verb"
    LINK = "link"
