"""A dose that is written down after its readings, or voided and entered again: what they say rings, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Check, Reading
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast, dosed_session
from tests.cast.dosing import sent_home
from tests.sessions.dosing.test_rems import dosed as esketamine_given
from tests.sessions.monitoring.watching import rechecks, rung, take, void

WORSE: tuple[dict[str, Any], ...] = ({"systolic": 185, "diastolic": 112}, {"systolic": 186, "diastolic": 113})


def give_late(
    cast: Cast, session: Session, minute: float, *, given: float = 0, **more: Any
) -> Administration:
    with clock.fixed(MONDAY + timedelta(minutes=minute)):
        return people.give(cast, session, administered_at=MONDAY + timedelta(minutes=given), **more)


def void_dose(cast: Cast, dose: Administration, minute: float) -> None:
    at = MONDAY + timedelta(minutes=minute)
    visits.void_administration(dose_id=dose.pk, reason="Wrong time", by=cast.prescriber, at=at)


def asked(session: Session) -> list[tuple[int, str]]:
    rows = Check.objects.filter(session=session, ended_at__isnull=True).exclude(kind="recheck")
    return list(rows.order_by("planned_at").values_list("minute", "state"))[:4]


def listed(cast: Cast, session: Session) -> list[tuple[str, str]]:
    rows = cast.desk("np").get(f"sessions/{session.pk}/readings/").json()["results"]
    return [(row["phase"], row["bands"]["systolic"]) for row in rows]


def test_readings_before_a_late_entry_of_the_dose_ring_red_all_the_same(cast: Cast) -> None:
    session = people.ready_dose(cast)
    for minute, signs in zip((10, 16), WORSE, strict=True):
        take(cast, session, minute, **signs)
    assert rung(session) == []
    give_late(cast, session, 20)
    assert rung(session) == ["amber_reading", "red_reading"]
    assert asked(session) == [(0, "done"), (15, "done"), (30, "due"), (45, "due")]
    assert rechecks(session) == [(21, "due", True)]
    assert listed(cast, session) == [("pre_dose", "go"), ("in_session", "amber"), ("in_session", "red")]
    with clock.fixed(MONDAY + timedelta(minutes=20)):
        board = cast.desk("np").get("monitoring-board/", location=str(cast.north.pk)).json()
    card = board["sessions"][0]
    assert [(row["phase"], row["bands"]["systolic"]) for row in card["trend"]] == listed(cast, session)
    assert set(Reading.objects.values_list("phase", flat=True)) == {"pre_dose"}  # as it was told then
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=31))
    assert "check_missed" not in rung(session)


def test_a_check_that_nothing_answered_before_the_late_entry_is_missed_as_ever(cast: Cast) -> None:
    session = people.ready_dose(cast)
    take(cast, session, 7)
    give_late(cast, session, 27)
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=27))
    assert (asked(session)[1], rung(session)) == ((15, "missed"), ["check_missed"])


def test_a_dose_that_is_entered_again_at_another_minute_rings_for_nothing(cast: Cast) -> None:
    session = dosed_session(cast)
    for minute in (15, 30):
        take(cast, session, minute)
    void_dose(cast, Administration.objects.get(), 31)
    assert [phase for phase, _ in listed(cast, session)] == ["pre_dose"] * 3  # no dose was given
    give_late(cast, session, 31, given=2)
    assert asked(session) == [(0, "done"), (15, "done"), (30, "done"), (45, "due")]
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=45))
    assert rung(session) == []


def test_a_reading_that_was_voided_before_the_dose_was_entered_rings_for_nothing(cast: Cast) -> None:
    session = people.ready_dose(cast)
    void(cast, session, take(cast, session, 15, **WORSE[0]), 16)
    give_late(cast, session, 20)
    assert (rung(session), asked(session)[1]) == ([], (15, "due"))


def test_the_checks_after_a_void_are_those_of_the_drug_that_remains(cast: Cast) -> None:
    """Esketamine was entered by mistake before the ketamine that was given: the label's checks go with it."""
    session = esketamine_given(cast)
    wrong = Administration.objects.get()
    amount = {"dose_mg": Decimal(40)}
    assert asked(session) == [(0, "done"), (40, "due"), (120, "due")]
    void_dose(cast, wrong, 5)
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        people.written_order(cast, session, max_total_mg=Decimal(140), **amount)
    give_late(cast, session, 6, given=5, **amount)
    assert [minute for minute, _ in asked(session)] == [0, 15, 30, 45]


def minutes_asked(session: Session) -> list[float]:
    """Minutes after MONDAY at which a reading is still waited for."""
    rows = Check.objects.filter(session=session, ended_at__isnull=True, reading__isnull=True)
    moments = rows.exclude(state="not_taken").order_by("planned_at").values_list("planned_at", flat=True)
    return [(moment - MONDAY).total_seconds() / 60 for moment in moments]


def test_when_the_first_of_three_doses_is_voided_the_others_are_watched_to_the_end(cast: Cast) -> None:
    session = people.ready_dose(cast)
    first, _, _ = (give_late(cast, session, at, given=at, dose_mg=Decimal(30)) for at in (0, 10, 40))
    assert minutes_asked(session)[-3:] == [120, 130, 160]
    void_dose(cast, first, 41)
    assert minutes_asked(session) == [25, 40, 55, 70, 100, 130, 160]
    minute = Check.objects.get(session=session, planned_at=MONDAY + timedelta(minutes=160)).minute
    assert minute == 150  # after the dose that is the first one now
    for at in (41, 55, 70, 100, 130):
        take(cast, session, at)
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=131))
    assert rung(session) == ["check_missed"]  # at 25
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=171))
    assert rung(session) == ["check_missed"] * 2  # at 160


def test_when_a_voided_dose_was_the_first_an_infusion_behind_it_is_watched_from_its_end(cast: Cast) -> None:
    session = people.weighed(cast, people.IV, dose_mg="30")
    first = give_late(cast, session, 0, dose_mg=Decimal(20), given_mg=Decimal(20))
    end = MONDAY + timedelta(minutes=50)
    settled = {"dose_mg": Decimal(30), "given_mg": Decimal(30), "ended_at": end}
    give_late(cast, session, 51, given=10, **settled)
    before = minutes_asked(session)
    void_dose(cast, first, 52)
    behind = [minute for minute in minutes_asked(session) if minute > 50]
    assert behind == [65, 80, 95, 110]
    assert behind == [minute for minute in before if minute > 50]


def test_nobody_is_asked_for_who_went_home_before_the_first_of_two_doses_was_voided(cast: Cast) -> None:
    session = people.ready_dose(cast)
    first = give_late(cast, session, 0, dose_mg=Decimal(50))
    give_late(cast, session, 10, given=10, dose_mg=Decimal(50))
    sent_home(cast, session, dosed_at=MONDAY + timedelta(minutes=10))
    heard = rung(session)
    void_dose(cast, first, 140)
    assert minutes_asked(session) == []
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=200))
    assert rung(session) == heard
