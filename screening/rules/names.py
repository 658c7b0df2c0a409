"""How a medication text is read: as plain words, some of which only say how a medicine is taken."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W\d_]+")
INGREDIENT = re.compile(rf"{WORD.pattern}(?:[-']{WORD.pattern})*")


def plain(text: str) -> str:
    """Small letters, one space between words, no dots, and one kind of apostrophe."""
    return " ".join(text.casefold().replace("’", "'").replace(".", " ").split())


_WORDS_OF_USE = """
mg mcg ug g gram grams ml iu unit units meq percent tablet tablets tab tabs capsule capsules cap caps pill
pills patch patches spray sprays drop drops puff puffs inhaler injection injections injectable film films
lozenge solution suspension liquid cream gel nasal oral orally sublingual transdermal topical juice er xr xl
sr cr la ir dr odt ec cd hcl hydrochloride hydrobromide hbr sodium potassium besylate maleate tartrate
succinate fumarate carbonate citrate acetate sulfate mesylate phosphate bromide pamoate decanoate salt salts
mixed extended release immediate sustained delayed generic brand daily nightly weekly monthly morning
mornings evening evenings night nights bedtime noon midday afternoon am pm qd bid tid qid qhs qam qpm qod
prn hs po as needed once twice three four one two half times time a an x per day days week weeks month
months hour hours hr hrs h at in on the every each other with without food water before after and or plus of
for by mouth to up take takes taking took since only when dose doses low high s sleep anxiety depression
pain mood adhd ptsd allergy allergies hypertension blood pressure migraine
"""
WORDS_OF_USE: frozenset[str] = frozenset(_WORDS_OF_USE.split())
