"""The NDC of a drug line, from the lots that its doses were taken from.

Source: a billed NDC has 11 digits, 5-4-2; one that the FDA prints with 10 gets a zero in the segment that is short.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from billing.capture.rules.facts import Drug, Given

SEGMENTS = (5, 4, 2)
_SHAPE = re.compile(r"([0-9]{4,5})-([0-9]{3,4})-([0-9]{1,2})")
_THOUSANDTH = Decimal("0.001")


def billed_ndc(text: str) -> str:
    """11 digits; empty for one that is not told apart into its segments (10 digits and no hyphen) or is none."""
    if re.fullmatch(r"[0-9]{11}", text):
        return text
    found = _SHAPE.fullmatch(text)
    if found is None:
        return ""
    return "".join(part.zfill(size) for part, size in zip(found.groups(), SEGMENTS, strict=True))


def drug_of(given: Sequence[Given]) -> Drug | None:
    """The one drug that all these doses came from, in millilitres, else in containers; None where nobody can tell."""
    ndcs = {billed_ndc(row.ndc) for row in given}
    if len(ndcs) != 1 or "" in ndcs:
        return None
    for unit, sizes in (
        ("ML", [row.per_ml for row in given]),
        ("UN", [row.per_container for row in given]),
    ):
        known = [size for size in sizes if size]
        if len(known) == len(given):
            amount = sum((row.dose.mg / size for row, size in zip(given, known, strict=True)), Decimal(0))
            quantity = amount.quantize(_THOUSANDTH)
            return Drug(ndcs.pop(), quantity, unit) if quantity else None
    return None
