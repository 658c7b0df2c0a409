"""Which drug a name means, however it is written. Pure.

Esketamine is a product of its own: its label and its REMS hold under every spelling. Sources: Spravato prescribing
information; INN ketamine and esketamine, with the brands Ketalar, Spravato and Ketanest S.
"""

from __future__ import annotations

import re

KETAMINE, ESKETAMINE = "ketamine", "esketamine"
_NAMED = re.compile(r"spravato|esketamin|ketanest\s*s\b")
_RACEMIC = re.compile(r"racemi|\br\W*s\W*ketamin")  # both halves: "(R,S)-ketamine"
# The S stands alone before the name: "S-ketamine", "(S)-(+)-ketamine", "es ketamine". That of a plural or a possessive
# ("troche(s) ketamine") is none.
_S_FORM = re.compile(r"(?:(?<![\w('\u2019])e?s|(?<!\w)\(e?s\))[^a-z]*ketamin")
_ANY_FORM = re.compile(r"ketamin|ketalar|ketanest")


def known_as(drug: str) -> str:
    """`esketamine` or `ketamine` for any way to write them; empty for another drug."""
    name = drug.casefold()
    if _NAMED.search(name) or (_S_FORM.search(name) and not _RACEMIC.search(name)):
        return ESKETAMINE
    return KETAMINE if _ANY_FORM.search(name) else ""


def same_drug(one: str, other: str) -> bool:
    """Do two names mean the same drug? One that is not known means only itself."""
    meanings = [known_as(name) or name.strip().casefold() for name in (one, other)]
    return meanings[0] == meanings[1]
