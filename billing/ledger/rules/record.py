"""Pure rules of what the record bears out: which lines a session's doses, minutes, notes and other lines allow.

Sources: the time rules of CPT and HCPCS, CMS's list of add-on codes, and the NCCI rule that one clinician's services of
a day do not hold each other; the facts of each code stand on its row (`billing.codes.models.ServiceCode`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.codes.models import ServiceCode
from billing.codes.rules import Family, family_of, requirements
from billing.codes.rules.catalogue import NEW
from billing.codes.rules.requirements import Requires
from kapclinic.core.errors import FieldError
from programs.models import Modality

# What the director may let pass with a reason. A service that the record does not show is never among them.
PASSABLE = frozenset({"minutes_too_short", "minutes_too_long", "overlapping_service"})
NOT_IN_RECORD = "not_in_record"
UNITS_ABOVE = "units_above"
By, Of = ServiceCode.UnitsBy, ServiceCode.MinutesOf


@dataclass(frozen=True)
class Dose:
    """A standing dose as it went in; `minutes` is how long it ran on, 0 for one that was given at once."""

    drug: str
    route: str
    supply: str
    mg: Decimal
    minutes: int = 0


@dataclass(frozen=True)
class Standing:
    """Another standing line of the client's day: on this session, and by this line's clinician?"""

    code: ServiceCode
    units: int
    here: bool = True
    mine: bool = True


@dataclass(frozen=True)
class Record:
    """What is on record for a line. Minutes are whole, None while nobody knows; `note_minutes` are those of the
    rendering clinician's signed note, `stay_minutes` run from the first dose to the discharge, and `instruments`
    counts the complete ones of that day; `seen_before`: by a medical clinician of the clinic in the three years before.
    """

    kind: str
    modality: str = Modality.IN_PERSON
    doses: tuple[Dose, ...] = ()
    note_minutes: int | None = None
    stay_minutes: int | None = None
    instruments: int = 0
    seen_before: bool = False
    lines: tuple[Standing, ...] = ()


def errors(code: ServiceCode, *, units: int, record: Record) -> list[FieldError]:
    """Why the record does not bear out `units` of `code`, one error per rule that is broken."""
    needs = requirements.read(code.requires)
    fitting = fitting_doses(needs, record.doses)
    absent = _absent(code, needs, fitting, record)
    if absent:
        return [FieldError("/code", NOT_IN_RECORD, absent)]
    already = sum(line.units for line in record.lines if _is_same(code, line))
    return [
        *_unit_errors(code, units + already, fitting, record),
        *_minute_errors(code, units + already, fitting, record),
        *_primary_errors(code, record),
        *_overlap_errors(code, record),
    ]


def may_be_taken_back(code: ServiceCode) -> bool:
    """Does it stand on a dose or a questionnaire, which can be voided afterwards?"""
    by_dose = code.minutes_of != Of.NOTE or code.requires_ndc or requirements.read(code.requires).a_dose
    return by_dose or code.units_by == By.INSTRUMENTS


def contradiction(code: ServiceCode, *, units: int, record: Record, passed: bool) -> str:
    """What the record says by now against a line that stands; empty while it bears the line out.

    Doses and questionnaires are taken back after they were written; a signed note keeps its minutes. What the director
    let pass (`passed`) stays passed, but for what is not there at all.
    """
    by_dose = code.minutes_of != Of.NOTE
    for error in errors(code, units=units, record=record):
        short = error.code in {"minutes_too_short", "minutes_too_long"} and by_dose and not passed
        if error.code in {NOT_IN_RECORD, UNITS_ABOVE} or short:
            return error.detail
    return ""


def fitting_doses(needs: Requires, doses: Iterable[Dose]) -> list[Dose]:
    """Those of the doses that have the drug, the route and the supply that are asked for."""
    return [
        dose
        for dose in doses
        if (not needs.routes or dose.route in needs.routes)
        and (not needs.drugs or dose.drug in needs.drugs)
        and (needs.supply is None or dose.supply == needs.supply)
    ]


def _absent(code: ServiceCode, needs: Requires, fitting: Sequence[Dose], record: Record) -> str:
    """What the code asks for and the record lacks; empty when nothing is missing."""
    given = sum((dose.mg for dose in fitting), Decimal(0))
    below = needs.dose_mg_min is not None and given < needs.dose_mg_min
    above = needs.dose_mg_max is not None and given > needs.dose_mg_max
    found = (
        (bool(needs.kinds) and record.kind not in needs.kinds, "This is no session of its kind."),
        (
            record.modality == Modality.VIDEO and not code.telehealth_ok,
            "It is hands-on, and the session was by video.",
        ),
        (needs.a_dose and not fitting, "No dose of this session fits it."),
        (needs.a_dose and (below or above), "The doses of this session come to another amount."),
        (
            code.units_by == By.INSTRUMENTS and not record.instruments,
            "No questionnaire was completed that day.",
        ),
        (
            code.code in NEW and record.seen_before,
            "The client is no new one: a medical clinician saw them here in the three years before.",
        ),
    )
    return next((f"{code.code} is not in the record: {words}" for wrong, words in found if wrong), "")


def _is_shared(code: ServiceCode) -> bool:
    """Does it tell of something that happened once, whoever is named for it? A visit or a note is each clinician's."""
    return bool(
        code.system == ServiceCode.System.INTERNAL
        or code.units_by == By.INSTRUMENTS
        or requirements.read(code.requires).routes
    )


def _is_apart(code: ServiceCode, line: Standing) -> bool:
    """Is the other line therapy of another session? The client was in one at a time: these are two services."""
    timed = all(
        family_of(row.code) == Family.THERAPY and row.minutes_min is not None for row in (code, line.code)
    )
    return timed and not line.here


def _is_same(code: ServiceCode, line: Standing) -> bool:
    """Does the line count towards the units of this one?"""
    return line.code.code == code.code and (line.mine or _is_shared(code)) and not _is_apart(code, line)


def _unit_errors(code: ServiceCode, units: int, fitting: Sequence[Dose], record: Record) -> list[FieldError]:
    """`units` of the line and of those before it, against what one session allows and what was given or filled in."""
    by = {
        By.MG: int(sum((dose.mg for dose in fitting), Decimal(0))),
        By.DOSES: len(fitting),
        By.INSTRUMENTS: record.instruments,
    }
    most = min((n for n in (code.units_max, by.get(By(code.units_by))) if n is not None), default=None)
    if most is None or units <= most:
        return []
    detail = f"The record bears out {most} of {code.code}; with this line it would be {units}."
    return [FieldError("/units", UNITS_ABOVE, detail)]


def counted_minutes(code: ServiceCode, fitting: Iterable[Dose], record: Record) -> int:
    """The minutes that count for a code; 0 while nobody knows.

    An add-on that has minutes per unit goes on where its primary ends and counts from its start. Any other add-on has
    its own minutes: the fewest of the visit that it stands beside do not count (CPT: psychotherapy with E/M).
    """
    if code.minutes_of == Of.INFUSION:
        return sum(dose.minutes for dose in fitting)
    if code.minutes_of == Of.STAY:
        return record.stay_minutes or 0
    minutes = record.note_minutes or 0
    if code.addon_of and code.unit_minutes is None:
        minutes -= sum(line.code.minutes_min or 0 for line in record.lines if _is_primary(code, line))
    return max(minutes, 0)


def _minute_errors(
    code: ServiceCode, units: int, fitting: Sequence[Dose], record: Record
) -> list[FieldError]:
    if code.minutes_min is None and code.minutes_max is None:
        return []
    minutes = counted_minutes(code, fitting, record)
    least = code.minutes_min or 0
    if minutes < least:
        detail = f"The record has {minutes} minutes; {code.code} starts at {least}."
        return [FieldError("/code", "minutes_too_short", detail)]
    if code.minutes_max is not None and minutes > code.minutes_max:
        detail = f"The record has {minutes} minutes; {code.code} ends at {code.minutes_max}."
        return [FieldError("/code", "minutes_too_long", detail)]
    whole = least + (units - 1) * (code.unit_minutes or 0)
    if minutes < whole:
        detail = f"The record has {minutes} minutes; {units} units of {code.code} take {whole}."
        return [FieldError("/units", "minutes_too_short", detail)]
    return []


def _is_primary(code: ServiceCode, line: Standing) -> bool:
    """Does the line carry this add-on? It is the same clinician's, but for monitoring, which names further people."""
    others = family_of(code.code) == Family.MONITORING
    return line.code.code in code.addon_of and (line.mine or others)


def _primary_errors(code: ServiceCode, record: Record) -> list[FieldError]:
    if is_carried(code, record.lines):
        return []
    detail = f"{code.code} is added to another service of the same day and clinician, which is not charged."
    return [FieldError("/code", "addon_without_primary", detail)]


def is_carried(code: ServiceCode, lines: Iterable[Standing]) -> bool:
    """Does one of the lines carry this add-on? What is no add-on needs none."""
    return not code.addon_of or any(_is_primary(code, line) for line in lines)


def _overlap_errors(code: ServiceCode, record: Record) -> list[FieldError]:
    for line in record.lines:
        other = line.code
        clash = other.code in code.excludes or code.code in other.excludes
        ours = line.mine or (_is_shared(code) and _is_shared(other))
        if clash and ours and not _is_apart(code, line):
            what = other.code if line.here else "Another service"
            detail = f"{what} of that day is charged already, and {code.code} does not stand beside it."
            return [FieldError("/code", "overlapping_service", detail)]
    return []
