"""Instruments: shape, score, bands and flags; no item wording is kept here, nor with any answer.

Scores and bands belong to the instruments (PHQ-9, GAD-7: Kroenke, Spitzer, Williams; PCL-5: VA National Center for
PTSD; C-SSRS screener: Columbia, triage of its primary-care protocol; AUDIT-C: WHO; DAST-10: Skinner; QIDS-SR16: Rush;
MADRS: Montgomery and Asberg, Snaith cut-offs; CADSS: Bremner; BPRS: Overall and Gorham). Cuts that a clinic chooses
come from `limits`. Any unanswered item leaves the total null: nothing is pro-rated. Codes of scores are LOINC's.

Of an instrument whose form a clinic may not hold here (MADRS, QIDS-SR16, CADSS, DAST-10) the total is enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kapclinic.core.errors import FieldError
from programs import policy
from programs.policy import limit
from screening.models import SafetyAlert

Answers = Sequence[int | None]
CAUSES = SafetyAlert.Cause
CSSRS = "cssrs"
SINCE_LAST_CONTACT = "since_last_contact"


@dataclass(frozen=True)
class Instrument:
    """`items` scored answers from 0 to `high`, then up to `unscored` more; `bands` as (highest total, name)."""

    items: int
    high: int
    bands: tuple[tuple[int, str], ...] = ()
    unscored: int = 0
    fewest: int = 0  # answers that must be listed, when not all of `items` are always asked
    highest_total: int | None = None  # of one whose total may come without its answers
    zero_is_open: bool = False  # 0 says that an item was not assessed
    loinc: str | None = None  # of the score (of the C-SSRS: of its tier), where there is a confirmed code


_MINIMAL = ((4, "minimal"), (9, "mild"), (14, "moderate"))
INSTRUMENTS: Mapping[str, Instrument] = {
    "phq9": Instrument(
        9, 3, (*_MINIMAL, (19, "moderately_severe"), (27, "severe")), unscored=1, loinc="44261-6"
    ),
    "gad7": Instrument(7, 3, (*_MINIMAL, (21, "severe")), loinc="70274-6"),
    "pcl5": Instrument(20, 4, loinc="101698-9"),
    "cssrs": Instrument(7, 1, fewest=6, loinc="93374-7"),
    "audit_c": Instrument(3, 4, loinc="75626-2"),
    "dast10": Instrument(
        10,
        1,
        ((0, "none"), (2, "low"), (5, "moderate"), (8, "substantial"), (10, "severe")),
        highest_total=10,
        loinc="82667-7",
    ),
    "qids_sr16": Instrument(
        16,
        3,
        ((5, "none"), (10, "mild"), (15, "moderate"), (20, "severe"), (27, "very_severe")),
        highest_total=27,
    ),
    "madrs": Instrument(
        10, 6, ((6, "none"), (19, "mild"), (34, "moderate"), (60, "severe")), highest_total=60
    ),
    "cadss": Instrument(23, 4, highest_total=92),
    "bprs": Instrument(18, 7, zero_is_open=True),
}
WITH_TOTAL = tuple(key for key in INSTRUMENTS if key != CSSRS)
TOTAL_ONLY = "total_only"
FORMS: Mapping[str, tuple[str, ...]] = {"cssrs": ("lifetime_recent", SINCE_LAST_CONTACT)}
STANDARD = ("standard",)
_SPELLINGS = {
    "cssrsscreener": "cssrs",
    "auditc": "audit_c",
    "dast": "dast10",
    "qids": "qids_sr16",
    "qidssr": "qids_sr16",
    "qidssr16": "qids_sr16",
    "bprs18": "bprs",
}


@dataclass(frozen=True)
class Score:
    """`causes` are the safety alerts that this filling-in raises."""

    total: int | None
    band: str | None
    flags: tuple[str, ...] = ()
    threshold: int | None = None
    causes: tuple[str, ...] = ()


def key_of(name: str) -> str | None:
    """The instrument's key for any usual spelling ("PHQ-9", "phq9"); None for one that is not kept."""
    plain = re.sub(r"[^a-z0-9]", "", name.casefold())
    key = _SPELLINGS.get(plain, plain)
    return key if key in INSTRUMENTS else None


def forms_of(key: str) -> tuple[str, ...]:
    return FORMS.get(key, STANDARD)


def answer_errors(key: str, answers: Sequence[int | bool | None]) -> list[FieldError]:
    """Too few, too many, or an answer that the instrument does not have; null is a missing answer.

    Yes and no may be true and false where the instrument asks for yes or no.
    """
    shape = INSTRUMENTS[key]
    fewest, most = shape.fewest or shape.items, shape.items + shape.unscored
    if not fewest <= len(answers) <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        return [FieldError("/answers", "length", f"{wanted} answers are expected; null where there is none.")]
    return [
        FieldError(f"/answers/{i}", "out_of_range", f"0 to {shape.high}, or null, is expected.")
        for i, value in enumerate(answers)
        if value is not None
        and (not 0 <= value <= shape.high or (isinstance(value, bool) and shape.high > 1))
    ]


def total_errors(key: str, total: int, *, item_alert: bool | None) -> list[FieldError]:
    """A total without its answers: only where the instrument allows it, with a word on wanting to die where it asks.

    `item_alert`: did the answer about wanting to die reach the value that raises an alert?
    """
    highest = INSTRUMENTS[key].highest_total
    if highest is None:
        return [FieldError("/total", "invalid", "The total of this instrument is reckoned from its answers.")]
    errors = []
    if not 0 <= total <= highest:
        errors.append(FieldError("/total", "out_of_range", f"0 to {highest} is expected."))
    if key in policy.SUICIDE_ITEMS and item_alert is None:
        number = policy.SUICIDE_ITEMS[key].item
        errors.append(FieldError("/item_alert", "required", f"Say whether item {number} asks for an alert."))
    if key not in policy.SUICIDE_ITEMS and item_alert is not None:
        errors.append(
            FieldError("/item_alert", "invalid", "This instrument has no item that raises an alert.")
        )
    return errors


def score_total(key: str, total: int, *, item_alert: bool | None, limits: Mapping[str, Any]) -> Score:
    """Band, flags and alerts of a total that came without its answers; `item_alert` raises what the answer would."""
    flags = [TOTAL_ONLY, *_cut_flags(key, total, limits)]
    causes: tuple[str, ...] = ()
    asked = policy.SUICIDE_ITEMS.get(key)
    if asked is not None and item_alert:
        flags.append(asked.flag)
        causes = (asked.cause,)
    return Score(total, _band(key, total), tuple(flags), None, causes)


def score(
    key: str,
    answers: Answers,
    *,
    limits: Mapping[str, Any],
    form: str = "",
    threshold: int | None = None,
    sex: str = "U",
    before: int | None = None,
) -> Score:
    """Total, band, flags and alerts of one filling-in. `before`: the total of the filling-in before this one."""
    if key == "cssrs":
        return _triage(answers, form=form)
    shape = INSTRUMENTS[key]
    items = [None if value == 0 and shape.zero_is_open else value for value in answers[: shape.items]]
    found = (
        _complete(key, [v for v in items if v is not None], limits, threshold, sex)
        if None not in items
        else None
    )
    flags = list(found.flags if found else ["incomplete"])
    causes = _item_alerts(key, items, limits, flags)
    if found and is_worse(key, total=found.total, before=before, limits=limits):
        flags.append("worsening")
        causes += (CAUSES.PHQ9_WORSENING,)
    base = found or Score(None, None)
    return Score(base.total, base.band, tuple(flags), base.threshold, causes)


def is_worse(key: str, *, total: int | None, before: int | None, limits: Mapping[str, Any]) -> bool:
    """Did a PHQ-9 rise by the protocol's `phq9_worsening` since the one before it?"""
    if key != "phq9" or total is None or before is None:
        return False
    return bool(total - before >= limit(limits, "phq9_worsening"))


def _complete(
    key: str, items: list[int], limits: Mapping[str, Any], threshold: int | None, sex: str
) -> Score:
    if key == "pcl5":
        return _pcl5(items, limits)
    if key == "audit_c":
        return _audit_c(items, limits, threshold, sex)
    if key == "qids_sr16":
        total = max(items[0:4]) + items[4] + max(items[5:9]) + sum(items[9:14]) + max(items[14:16])
    elif key == "dast10":
        total = sum(items) - items[2] + (1 - items[2])  # item 3 is reversed: No counts
    else:
        total = sum(items)
    return Score(total, _band(key, total), tuple(_cut_flags(key, total, limits)))


def _band(key: str, total: int) -> str | None:
    return next((name for highest, name in INSTRUMENTS[key].bands if total <= highest), None)


def _cut_flags(key: str, total: int, limits: Mapping[str, Any]) -> list[str]:
    """Cuts of clinic policy: GAD-7 from 10, DAST-10 from 3 and from 6, CADSS above 4 by default."""
    cuts: Mapping[str, tuple[tuple[str, int], ...]] = {
        "gad7": (("evaluate", limit(limits, "gad7_evaluate")),),
        "dast10": (
            ("relative", limit(limits, "dast10_relative")),
            ("block_pending_review", limit(limits, "dast10_block")),
        ),
        "cadss": (("dissociating", limit(limits, "cadss_back_to") + 1),),
    }
    return [flag for flag, cut in cuts.get(key, ()) if total >= cut]


def _pcl5(items: list[int], limits: Mapping[str, Any]) -> Score:
    """No severity bands exist; a cut (31 to 33), and a provisional diagnosis by DSM-5 clusters of items >= 2."""
    cut = int(limit(limits, "pcl5_cut"))
    marked = [value >= 2 for value in items]
    clusters = ((marked[0:5], 1), (marked[5:7], 1), (marked[7:14], 2), (marked[14:20], 2))
    provisional = all(sum(cluster) >= needed for cluster, needed in clusters)
    total = sum(items)
    return Score(
        total, "positive" if total >= cut else "below_cut", ("provisional",) if provisional else (), cut
    )


def _audit_c(items: list[int], limits: Mapping[str, Any], threshold: int | None, sex: str) -> Score:
    """Positive from the threshold that was chosen for this client, else from the protocol's for the recorded sex."""
    cut = threshold or int(limit(limits, "audit_c_cut")[sex])
    total = sum(items)
    flags = ("review",) if total >= limit(limits, "audit_c_review") else ()
    return Score(total, "positive" if total >= cut else "negative", flags, cut)


def _item_alerts(key: str, items: Answers, limits: Mapping[str, Any], flags: list[str]) -> tuple[str, ...]:
    """A flag and an alert when the answer about wanting to die reaches the protocol's value, other items or not."""
    asked = policy.SUICIDE_ITEMS.get(key)
    if asked is None:
        return ()
    number, lowest = limit(limits, "alert_items").get(key, (asked.item, asked.lowest))
    value = items[number - 1]
    if value is None or value < lowest:
        return ()
    flags.append(asked.flag)
    return (asked.cause,)


def _triage(answers: Answers, *, form: str) -> Score:
    """C-SSRS screener tiers, as published: HIGH, MODERATE, LOW, none; no total and no "historical" tier.

    Answers: Q1 to Q5, Q6 in the lifetime, Q6 in the past 3 months; "since last contact" has one Q6. Q3 to Q5 are asked
    only after a yes to Q2; one of them left open raises an alert of its own, short of HIGH. What is missing never
    lowers a tier: short of HIGH, the tier then stays open (null).
    """
    q1, q2, q3, q4, q5, lifetime, *rest = answers
    past_3_months = rest[0] if rest else None
    if past_3_months is None and (form == SINCE_LAST_CONTACT or lifetime == 0):
        past_3_months = lifetime
    tier = "none"
    for name, asked in (("high", (q4, q5, past_3_months)), ("moderate", (q3, lifetime)), ("low", (q1, q2))):
        if 1 in asked:
            tier = name
            break
    always = (q1, q2, lifetime, past_3_months)
    missing = None in (always if q2 == 0 else (*always, q3, q4, q5))
    causes: tuple[str, ...] = {"high": (CAUSES.CSSRS_HIGH,), "moderate": (CAUSES.CSSRS_MODERATE,)}.get(
        tier, ()
    )
    if tier != "high" and q2 == 1 and None in (q3, q4, q5):
        causes += (CAUSES.CSSRS_INCOMPLETE,)
    band = None if missing and tier != "high" else tier
    return Score(None, band, ("incomplete",) if missing else (), None, causes)
