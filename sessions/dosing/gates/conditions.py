"""What each readiness gate looks for, over the facts of the session: when it passes, and what it says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from kapclinic.practice.models import Role
from kapclinic.practice.rules import NURSES
from screening.models.labs import LabWord
from sessions.booking.rules.said import FASTING, WEIGHT, counts_from
from sessions.dosing.gates.facts import NO_DOSE_TODAY, Facts, Proof

LOW_RISK = frozenset({"none", "low"})
# What must be known of a client who takes the dose at home (clinical policy 12): where they are ...
PLACE = {
    "state": "state",
    "address": "address",
}
# ... and where help would come from.
HELP = {
    "emergency_department": "nearest emergency department",
    "ems_phone": "number of the ambulance there",
}


def _hour(f: Facts, moment: datetime) -> str:
    return f"{moment.astimezone(f.moment.tzinfo):%H:%M}"


def _day(f: Facts, moment: datetime) -> str:
    """By the clinic's own clock, as staff say it."""
    return f"{moment.astimezone(f.moment.tzinfo):%Y-%m-%d %H:%M}"


# --- attestations ---------------------------------------------------------------------------------------------------


def word_of(code: str) -> Callable[[Facts], Proof | None]:
    """The proof of a gate that an attestation clears: who said yes, and when."""

    def proof(f: Facts) -> Proof | None:
        said = f.word(code)
        return Proof("Attested", "attestation", by=said.by, at=said.at) if said and said.value else None

    return proof


def _of_another_day(f: Facts, code: str) -> str:
    """What an earlier word says of itself, since it is shown on the session and does not count."""
    earlier = f.said.get(code)
    return "" if earlier is None else f" What was said on {_day(f, earlier.at)} does not count."


def wanted_detail(f: Facts, code: str, wanted: str) -> str:
    """What an attested gate says that looks at nothing else."""
    if f.word(code) is None:
        return wanted + _of_another_day(f, code)
    return "Attested." if f.affirmed(code) else "Attested with no."


def attested_detail(f: Facts, code: str, denied: str) -> str:
    if f.denied(code):
        return denied
    return "Attested." if f.affirmed(code) else f"Ask today, then attest `{code}`.{_of_another_day(f, code)}"


def tested(code: str) -> Callable[[Facts], bool]:
    """Does the newest of test and word of the day allow the dose? No word does while a positive test stands."""

    def passes(f: Facts) -> bool:
        test = f.tests.get(code)
        if test is not None and test.result == LabWord.POSITIVE:
            return False
        return _negative_after_words(f, code) or f.affirmed(code)

    return passes


def _negative_after_words(f: Facts, code: str) -> bool:
    """Is there a negative test, and no "no" of the day after it?"""
    test, word = f.tests.get(code), f.word(code)
    if test is None or test.result != LabWord.NEGATIVE:
        return False
    return word is None or word.value or word.at < test.taken_at


def tested_detail(code: str, wanted: str) -> Callable[[Facts], str]:
    def detail(f: Facts) -> str:
        test = f.tests.get(code)
        if test is None:
            return wanted_detail(f, code, wanted)
        said = f"The test of {_day(f, test.taken_at)} is {test.result}."
        if test.result == LabWord.POSITIVE:
            return f"{said} A newer one, or a prescriber decides."
        return said if _negative_after_words(f, code) else f"{said} {wanted_detail(f, code, wanted)}"

    return detail


def tested_by(code: str) -> Callable[[Facts], Proof | None]:
    def proof(f: Facts) -> Proof | None:
        test = f.tests.get(code)
        if test is None or not _negative_after_words(f, code):
            return word_of(code)(f)
        text = f"Tested {test.result}"
        return Proof(text, "lab_result", by=test.created_by, at=test.taken_at, ref=test.pk)

    return proof


def denied_at(*codes: str) -> Callable[[Facts], datetime | None]:
    """When one of these was last answered with no."""

    def last(f: Facts) -> datetime | None:
        words = [f.word(code) for code in codes]
        return max((word.at for word in words if word is not None and not word.value), default=None)

    return last


def tested_against_at(code: str) -> Callable[[Facts], datetime | None]:
    """When the record last heard of a positive test, or of a "no"."""

    def last(f: Facts) -> datetime | None:
        test, denied = f.tests.get(code), denied_at(code)(f)
        if test is None or test.result != LabWord.POSITIVE:
            return denied
        return max((at for at in (test.created_at, denied) if at is not None), default=None)

    return last


def eaten_at(f: Facts) -> datetime | None:
    """When the client last ate, or it was last said that they drank."""
    drank = denied_at("no_fluids", "no_nasal_spray")(f)
    return max((at for at in (f.fasting_since, drank) if at is not None), default=None)


def rescreened(f: Facts) -> bool:
    """Was the client asked again since the last dose, by a new screening or today? A first dose needs neither."""
    if f.denied("contraindications"):
        return False
    if f.last_dosed_at is None or f.affirmed("contraindications"):
        return True
    return f.screened_at is not None and f.screened_at > f.last_dosed_at


def rescreened_by(f: Facts) -> Proof | None:
    return word_of("contraindications")(f) or f.screening


# --- suicide risk ---------------------------------------------------------------------------------------------------


def screened_today(f: Facts) -> bool:
    """A C-SSRS of the clinic's own date with a tier, taken since it was asked for; its alert, if any, acknowledged."""
    if f.cssrs is None or f.cssrs.at is None or f.cssrs_tier is None or f.cssrs_alert_open:
        return False
    if f.asked_at is not None and f.cssrs.at < f.asked_at:
        return False
    return f.cssrs.at.astimezone(f.moment.tzinfo).date() == f.day


def screen_detail(f: Facts) -> str:
    if screened_today(f):
        return f"Tier today: {f.cssrs_tier}."
    if f.cssrs_alert_open:
        return "The alert of the C-SSRS waits to be acknowledged."
    if f.asked_at is not None:
        return f"An answer at {_hour(f, f.asked_at)} asks for a C-SSRS with a tier after it, today."
    return "No C-SSRS of today with a tier."


def home_risk_low(f: Facts) -> bool:
    """A screener of the day with no tier above low, and no PSY_SI: absolute at home (clinical policy 5.1 and 12)."""
    return screened_today(f) and f.cssrs_tier in LOW_RISK and not f.stated_ideation


def home_risk_detail(f: Facts) -> str:
    if f.stated_ideation:
        return "The screening tells of suicidal ideation."
    return screen_detail(f)


def alert_detail(f: Facts) -> str:
    alerts = [f"{f.open_alerts} safety alert(s) to acknowledge."] if f.open_alerts else []
    if f.open_concerns:
        alerts.append(
            f"{f.open_concerns} safety concern(s) of the check-in: say on the worklist what was done."
        )
    return " ".join(alerts) or "None."


def risk_detail(f: Facts) -> str:
    if not f.unreleased:
        return "None."
    return (
        f"Not released: {', '.join(f.unreleased)}. Release each at safety-alerts/{{id}}/release/; a C-SSRS of the tier "
        "high takes a prescriber, a safety plan and somebody who stays with the client."
    )


def clearance_detail(f: Facts) -> str:
    if f.suspended_by:
        return f"Suspended: {'; '.join(f.suspended_by)}. A prescriber upholds or voids the clearance."
    return "No current clearance." if f.cleared_until is None else f"Cleared until {f.cleared_until}."


# --- timing ---------------------------------------------------------------------------------------------------------


def gaps(f: Facts) -> list[timedelta]:
    """To the dose before, and for one that is written up late to the dose after it."""
    before = [f.moment - f.last_dosed_at] if f.last_dosed_at else []
    return before + ([f.next_dosed_at - f.moment] if f.next_dosed_at else [])


def gap_over(f: Facts) -> bool:
    return all(gap >= timedelta(hours=f.min_gap_hours) for gap in gaps(f))


def gap_above_floor(f: Facts) -> bool:
    """May anybody decide on a shorter gap? Not below the protocol's `min_gap_floor_hours` (PR4)."""
    return all(gap >= timedelta(hours=f.gap_floor_hours) for gap in gaps(f))


def gap_detail(f: Facts) -> str:
    last = (
        "there was none before" if f.last_dosed_at is None else f"the last one was {_day(f, f.last_dosed_at)}"
    )
    following = f", the next one was {_day(f, f.next_dosed_at)}" if f.next_dosed_at else ""
    floor = "" if gap_above_floor(f) else f" Nobody overrides less than {f.gap_floor_hours:g} h."
    return f"{f.min_gap_hours} h between doses; {last}{following}.{floor}"


def _fasting_missing(f: Facts) -> list[str]:
    """Solid food by the clock. Esketamine also: no fluid for 30 minutes, no nasal spray for an hour (label, 2)."""
    hours, missing = timedelta(hours=f.fasting_hours), []
    if f.fasting_hours and f.fasting_since is not None and f.fasting_since < f.counts_from(FASTING):
        missing.append(f"`fasting_since` is of another day ({_day(f, f.fasting_since)}): ask again")
    elif f.fasting_hours and (f.fasting_since is None or f.moment - f.fasting_since < hours):
        missing.append(f"no solid food for {f.fasting_hours:g} h (`fasting_since`)")
    if f.clear_hours and not f.esketamine and f.denied("no_fluids"):
        missing.append("no clear fluids (`no_fluids` was denied)")
    if f.esketamine and not f.affirmed("no_fluids"):
        missing.append("no fluid for 30 minutes (`no_fluids`)")
    if f.esketamine and not f.affirmed("no_nasal_spray"):
        missing.append("no nasal spray for 1 h (`no_nasal_spray`)")
    return missing


def fasted(f: Facts) -> bool:
    return not _fasting_missing(f)


def fasting_detail(f: Facts) -> str:
    missing = _fasting_missing(f)
    said = f"To be noted: {', '.join(missing)}." if missing else "Long enough."
    fluids = f.clear_hours and not f.esketamine
    return f"{said} Of clear fluids: none for {f.clear_hours:g} h." if fluids else said


def fasted_by(f: Facts) -> Proof | None:
    if f.fasting_since is None:
        return None
    return Proof(f"No solid food since {_day(f, f.fasting_since)}", "record", at=f.fasting_since)


def weight_recent(f: Facts) -> bool:
    if f.weight_kg is None or f.weighed_at is None or f.weight_problem:
        return False
    return f.weighed_at >= counts_from(WEIGHT, start=f.moment, limits=f.limits)


def weight_detail(f: Facts) -> str:
    if f.weight_problem or f.weighed_at is None or not weight_recent(f):
        return f.weight_problem or f"Weigh the client: at most {f.weight_days} days ago."
    return f"{f.weight_kg} kg of {_day(f, f.weighed_at)}."


# --- people and places ----------------------------------------------------------------------------------------------


def prescriber_there(f: Facts) -> bool:
    """On the session, or said to be on site today. Source: Spravato REMS, outpatient healthcare settings."""
    return Role.PRESCRIBER in f.staff_roles or f.affirmed("prescriber_on_site")


def staff_missing(f: Facts) -> str:
    """Who is not there: somebody who may watch, for KAP a therapist, and a prescriber where the protocol says so."""
    missing = []
    if not NURSES & f.staff_roles and (f.vitals is None or f.vitals.by is None):
        missing.append("a nurse practitioner or prescriber")
    if f.is_kap and Role.THERAPIST not in f.staff_roles and not f.has_therapist:
        missing.append("a therapist")
    if f.needs_prescriber and not prescriber_there(f):
        missing.append("a prescriber on site")
    return ", ".join(missing)


def _escort_known(f: Facts) -> bool:
    return bool(f.escort and f.escort.get("name") and f.escort.get("phone"))


def escort_named(f: Facts) -> bool:
    """With name and phone, and for the present start: after a move somebody asks them again."""
    return _escort_known(f) and f.escort_confirmed_at is not None


def escort_detail(f: Facts) -> str:
    if not _escort_known(f):
        return "No escort with name and phone."
    if f.escort_confirmed_at is None:
        return "Named for another start: ask them again, then send the escort again."
    return f"Named on {_day(f, f.escort_confirmed_at)}."


def escort_by(f: Facts) -> Proof:
    return Proof("Named, with a phone number", "record", at=f.escort_confirmed_at)


def missing_of(f: Facts, wanted: Mapping[str, str]) -> str:
    """What of `wanted` is not known of the place where the client takes the dose."""
    place = f.client_location or {}
    return ", ".join(words for key, words in wanted.items() if not place.get(key))


def visit_detail(f: Facts) -> str:
    if f.seen_in_person is None and f.visit_required:
        return f"{f.visit_law} See the client in person, or attest `in_person_visit` with its date and place."
    return f.visit_law if f.seen_in_person is None else f.seen_in_person.text


# --- vital signs ----------------------------------------------------------------------------------------------------


def vitals_fresh(f: Facts) -> bool:
    if f.vitals is None:
        return False
    age = f.moment - f.vitals.measured_at
    return not f.vitals_age_counts or age <= timedelta(minutes=f.vitals_max_age_min)


def vitals_there(f: Facts) -> bool:
    """A reading that is fresh and holds pressure and heart rate; what was not obtainable nobody can judge."""
    return vitals_fresh(f) and f.vitals is not None and f.vitals.complete


def vitals_pass(f: Facts) -> bool:
    return vitals_there(f) and f.vitals is not None and f.vitals.band == "go" and f.vitals.held_at is None


def vitals_for_a_prescriber(f: Facts) -> bool:
    """May a prescriber decide: is the last reading REVIEW, or is it good after an earlier HOLD of the day?"""
    if f.vitals is None or not vitals_there(f):
        return False
    return f.vitals.band == "review" or (f.vitals.band == "go" and f.vitals.held_at is not None)


def vitals_detail(f: Facts) -> str:
    if f.vitals is None:
        return "No pre-dose reading yet."
    if not vitals_fresh(f):
        return f"The last reading is older than {f.vitals_max_age_min} minutes."
    if not f.vitals.complete and f.vitals.band not in NO_DOSE_TODAY:
        return "Pressure or heart rate was not obtainable in the last reading: measure them."
    if f.vitals.too_early and f.vitals.counts_from is not None:
        begin = _hour(f, f.vitals.counts_from)
        return f"Taken too soon after one out of band: a recheck counts from {begin}, after a rest."
    signs = ", ".join(f"{sign} {band}" for sign, band in f.vitals.bands.items() if band != "go")
    said = f"Out of band: {signs}." if signs else "In band."
    if f.vitals.band in NO_DOSE_TODAY:
        return f"{said} No dose on this reading, whoever decides."
    if f.vitals.held_at is not None:
        held = _hour(f, f.vitals.held_at)
        return f"{said} A reading at {held} today said: no dose today. Only a prescriber decides otherwise."
    return said


def red_detail(f: Facts) -> str:
    """What is red before the dose, and of a booster since the first one (clinical policy 3.2: the prescriber comes)."""
    if f.red_alarms:
        return f"{f.red_alarms} red alarm(s) to acknowledge."
    return "The last reading is red: take another." if f.red_reading else "None."


def reading_of(f: Facts) -> Proof | None:
    if f.vitals is None:
        return None
    at = f.vitals.measured_at
    text = f"Reading {f.vitals.systolic}/{f.vitals.diastolic} at {_day(f, at)}"
    return Proof(text, "reading", by=f.vitals.by, at=at, ref=f.vitals.ref)
