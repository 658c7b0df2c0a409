"""What a list of allergies says, and which of them is one to the medicine itself (clinical policy 5.3). Pure."""

from __future__ import annotations

import re

from kapclinic.practice.rules import folded
from screening.models import Allergy, Finding
from screening.rules.conditions import CONDITIONS
from screening.rules.findings import Found

NONE_RECORDED, NONE_KNOWN, LISTED = "none_recorded", "none_known", "listed"
STATES = (NONE_RECORDED, NONE_KNOWN, LISTED)
KETAMINE = "ALLERGY_KET"  # the condition that a screening asks about

# Ketamine in any spelling and enantiomer, its brands, and the preservative of its vials (KETALAR label, section 11).
_MEDICINE = re.compile(r"k[eé]tamin|chetamin|ketalar|ketanest|spravato|benzethonium|bencetonio")


def is_of_the_medicine(substance: str) -> bool:
    """Does this name ketamine, esketamine or an excipient, however it is written?"""
    return _MEDICINE.search(folded(substance)) is not None


def state_of(*, listed: bool, none_known: bool) -> str:
    """Nobody wrote anything down, somebody asked and there is none, or there are some."""
    if listed:
        return LISTED
    return NONE_KNOWN if none_known else NONE_RECORDED


def found_of(allergy: Allergy) -> Found:
    """An allergy to the medicine as a weighing names it: a contraindication of the label that no clinic may lower."""
    condition = CONDITIONS[KETAMINE]
    return Found(condition.code, Finding.Severity.ABSOLUTE, "On the list of allergies.", condition.source)
