"""Statements of the hot writes, counted as Django counts them: BEGIN, COMMIT and savepoints too, who asks left out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.booking.rules.said import local_day
from sessions.dosing.selectors.asked import Record, asked_of, questions
from sessions.dosing.selectors.asked import record as record_of
from sessions.monitoring.models import Check, Reading
from tests import cast as people
from tests.asking import told_apart
from tests.cast import IM, IV, MONDAY, Cast, lot_of, weighed
from tests.cast.screening import cssrs
from tests.racing import race
from tests.sessions.dosing.test_adverse_events import SEVERE
from tests.sessions.giving import body_of, stock, witness
from tests.wire import trips

READING, BEFORE_A_DOSE, DOSE = 6, 11, 15
# There and back. A reading: who asks; the key, the locks and what stands; all rows with COMMIT. A dose asks behind the
# client's lock once more.
READING_WAYS, DOSE_WAYS = 3, 4


def counted(cast: Cast, work: Callable[[], Any], *, who: str = "np", ways: int = 99) -> tuple[Any, list[str]]:
    """What `work` answers, and its statements but for the one that finds the token; `ways` to the server at most."""
    cast.desk(who)  # signs in
    with trips() as found, CaptureQueriesContext(connection) as caught:
        answer = work()
    assert answer.status_code == 201, answer.content
    assert len(found) <= ways, found
    return answer, [row["sql"] for row in caught.captured_queries if "practice_authtoken" not in row["sql"]]


def reading(
    cast: Cast, session: Session, minute: float, ways: int = 99, **signs: Any
) -> tuple[dict[str, Any], list[str]]:
    moment = MONDAY + timedelta(minutes=minute)
    with clock.fixed(moment):
        body = people.calm() | {"measured_at": moment.isoformat()} | signs
        path = f"sessions/{session.pk}/readings/"
        answer, asked = counted(cast, lambda: cast.desk("np").post(path, body), ways=ways)
    read = cast.desk("np").get(f"sessions/{session.pk}/readings/{answer.json()['id']}/")
    assert read.content == answer.content  # the same, to the last byte
    return answer.json(), asked


@pytest.mark.django_db(transaction=True)
def test_a_reading_is_recorded_by_few_statements(cast: Cast) -> None:
    """One that answers a check, one that answers none, an amber one with its repeat, a red one that answers that."""
    session = people.dosed_session(cast)
    for minute, systolic, band in ((15, 122, "go"), (20, 122, "go"), (31, 190, "amber"), (36, 190, "red")):
        told, asked = reading(cast, session, minute, READING_WAYS, systolic=systolic)
        assert told["bands"]["systolic"] == band
        assert (told["check"] is None) == (minute == 20)
        assert len(asked) <= READING, asked


@pytest.mark.django_db(transaction=True)
def test_a_reading_before_the_dose_also_asks_what_the_clearance_hears(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("vitals",))
    told, asked = reading(cast, session, 0, spo2=91)
    assert (told["phase"], told["bands"]["spo2"]) == ("pre_dose", "hold")
    assert len(asked) <= BEFORE_A_DOSE, asked


def _own(cast: Cast) -> tuple[Session, list[dict[str, Any]]]:
    return people.ready_dose(cast), [{}, {"dose_mg": "50"}]


def _from_stock(cast: Cast) -> tuple[Session, list[dict[str, Any]]]:
    lot = lot_of(cast)
    spilt = {"dose_mg": "30", "drawn_mg": "40", "given_mg": "30", "wasted_mg": "10", "witness": witness(cast)}
    return weighed(cast, IM), [stock(lot, dose_mg="40"), stock(lot, **spilt)]


def _infused(cast: Cast) -> tuple[Session, list[dict[str, Any]]]:
    return weighed(cast, IV), [stock(lot_of(cast), dose_mg="40")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [_own, _from_stock, _infused])
def test_a_dose_is_recorded_by_few_statements(
    cast: Cast, kind: Callable[[Cast], tuple[Session, list[dict[str, Any]]]]
) -> None:
    """The client's own, an injection and an infusion from the safe; then a booster, of which something is wasted."""
    session, doses = kind(cast)
    for number, wanted in enumerate(doses):
        with clock.fixed(MONDAY + timedelta(minutes=15 * number)):
            body = body_of(session, **wanted)
            path = f"sessions/{session.pk}/administrations/"
            ways = 99 if "witness" in body else DOSE_WAYS + (number == 0)
            answer, asked = counted(cast, lambda: cast.desk("np").post(path, body), ways=ways)  # noqa: B023  (called at once)
        read = cast.desk("np").get(f"{path}{answer.json()['id']}/")
        assert read.content == answer.content
        assert answer.json()["is_first"] == (number == 0)
        assert answer.json()["obligation"] is not None
        begun = max(place for place, sql in enumerate(asked) if sql == "BEGIN")
        own = [
            asked[0],
            *asked[begun:],
        ]  # a witness's password is checked before, in a transaction of its own
        assert len(own) <= DOSE, own


def test_the_record_is_what_its_questions_answer_one_by_one(cast: Cast) -> None:
    session = people.dosed_session(cast)
    cssrs(cast, session.program, 1, 2, 4)
    event = SEVERE | {
        "onset_at": clock.now().isoformat(),
        "serious": True,
        "seriousness": ["hospitalization"],
    }
    cast.desk("np").must(f"sessions/{session.pk}/adverse-events/", event)
    reading(cast, session, 10, systolic=210)
    cast.desk("np").must(f"sessions/{session.pk}/alarms/", {"trigger": "chest_pain", "note": "Left arm"})
    screen = {"client": str(session.client_id), "kind": "drug_screen", "result": "negative"}
    cast.desk("np").must("lab-results/", screen | {"taken_at": MONDAY.isoformat()})
    moment = MONDAY + timedelta(minutes=20)
    who = {"session": session.pk, "client": session.client_id, "program": session.program_id}
    asked = asked_of(**who, moment=moment, day=local_day(session))
    found = record_of(session, moment=moment)
    for name, rows, question in zip(Record._fields, found, questions(**asked), strict=True):
        assert told_apart(rows) == told_apart(question), name
    empty = {name for name, rows in zip(Record._fields, found, strict=True) if not rows}
    none_yet = {"doses_elsewhere", "preparations", "owed_elsewhere", "concerns", "overrides"}
    assert empty == none_yet | {"visits", "laws", "read_elsewhere"}


@pytest.mark.django_db(transaction=True)
def test_a_reading_that_waits_for_the_dose_is_judged_after_it(cast: Cast) -> None:
    """What stands is read behind the session's lock, not before it."""
    session = people.ready_dose(cast)
    later = MONDAY + timedelta(minutes=10)
    given, sent = threading.Event(), threading.Event()
    told: list[Any] = []

    def gives() -> None:
        with clock.fixed(MONDAY), transaction.atomic():
            people.give(cast, session)
            given.set()
            sent.wait(timeout=1)

    def reads() -> None:
        given.wait(timeout=10)
        with clock.fixed(later):
            body = people.calm() | {"measured_at": later.isoformat()}
            told.append(cast.desk("np").post(f"sessions/{session.pk}/readings/", body))
        sent.set()

    assert race(gives, reads) == []
    assert [answer.status_code for answer in told] == [201], told[0].content
    assert told[0].json()["phase"] == "in_session"
    assert told[0].json()["check"] == str(Check.objects.get(session=session, minute=15).pk)
    assert Reading.objects.filter(session=session).count() == 2
