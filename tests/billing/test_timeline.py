"""A course as it went, in one answer: what each role reads of it, and that its length costs no query more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from programs.models import Program
from screening.models import Measure
from sessions.booking.models import Session
from tests.asking import done, events
from tests.billing.till import DOSED, NOW, Till
from tests.cast import Cast, client, completed_session, cssrs

DESK = {"phases", "sessions", "doses", "obligations", "consents"}
CLINICAL = DESK | {"measures", "screenings", "clearances", "events"}
MILD = {"term": "Nausea", "grade": 1, "serious": False, "causality": "related", "action": "none"}


def course(cast: Cast, program: Program, who: str) -> dict[str, Any]:
    return done(cast.desk(who).get(f"programs/{program.pk}/timeline/"), 200)


def event(cast: Cast, session: Session, **more: Any) -> str:
    body = MILD | {"onset_at": DOSED.isoformat(), "outcome": "recovered"} | more
    made: str = cast.desk("np").must(f"sessions/{session.pk}/adverse-events/", body)["id"]
    return made


def test_a_dose_shows_what_was_given_its_peaks_the_worst_event_and_its_note(till: Till) -> None:
    cast, session = till.cast, till.dose()
    event(cast, session)
    worst = event(cast, session, term="Vomiting", grade=2)
    event(cast, session, term="Dizziness")
    with clock.fixed(DOSED):
        screener = cssrs(cast, till.program)
    shown = course(cast, till.program, "therapist")
    assert set(shown) == CLINICAL
    (dose,) = shown["doses"]
    assert (dose["session"], dose["given_mg"], dose["route"]) == (str(session.pk), "100.000", "sublingual")
    record = cast.desk("np").get(f"sessions/{session.pk}/record/").json()
    assert dose["peaks"] == record["peaks"]
    assert dose["peaks"]["systolic"] is not None
    assert (dose["worst_event"]["id"], dose["note_status"]) == (worst, "signed")
    assert [row["term"] for row in shown["events"]] == ["Nausea", "Vomiting", "Dizziness"]
    assert [(row["id"], row["band"]) for row in shown["measures"]] == [(str(screener.pk), screener.band)]
    assert [(row["status"], row["decision"]) for row in shown["screenings"]] == [("decided", "cleared")]
    assert [(row["decision"], row["state"]) for row in shown["clearances"]] == [("cleared", "standing")]
    assert [(row["document"], row["status"]) for row in shown["consents"]] == [("kap_treatment", "signed")]
    (visit,) = [row for row in shown["sessions"] if row["id"] == str(session.pk)]
    own = Session.objects.get(pk=session.pk)
    assert (visit["room"], visit["room_name"]) == (str(own.room_id), own.room and own.room.name)
    names = {str(person.pk): person.name for person in cast.people.values()}
    assert visit["staff"] == [seat | {"name": names[seat["user"]]} for seat in own.staff]
    assert events("program.timeline") == [(cast.therapist.pk, "ok", [till.program.client_id])]


def test_an_obligation_says_when_it_was_met(till: Till) -> None:
    cast, _ = till.cast, till.dose()
    (owed,) = course(cast, till.program, "therapist")["obligations"]
    assert (owed["state"] in {"due", "booked"}, owed["met_at"]) == (True, None)
    begins = DOSED + timedelta(hours=26)
    completed_session(cast, till.program, starts_at=begins, kind="integration")
    (met,) = course(cast, till.program, "therapist")["obligations"]
    assert (met["state"], met["met_at"]) == ("met", begins.isoformat().replace("+00:00", "Z"))


def test_each_role_reads_its_own_part(till: Till) -> None:
    cast, session = till.cast, till.dose()
    event(cast, session, term="Vomiting")
    charge = till.charge(session)
    for who, keys in {
        "frontdesk": DESK,
        "np": CLINICAL,
        "therapist": CLINICAL,
        "prescriber": CLINICAL,
        "billing": DESK - {"consents"} | {"charges"},
        "director": CLINICAL | {"charges"},
    }.items():
        shown = course(cast, till.program, who)
        assert set(shown) == keys, who
        clinical = keys >= CLINICAL
        plain = {"id", "session", "administered_at"}
        assert all((set(dose) > plain) if clinical else (set(dose) == plain) for dose in shown["doses"]), who
        answer = cast.desk(who).get(f"programs/{till.program.pk}/timeline/").content.decode()
        assert ("Vomiting" in answer) is clinical, who
        if "charges" in keys:
            (row,) = shown["charges"]
            assert (row["id"], row["session"]) == (charge["id"], str(session.pk))
            assert (row["amount"], row["balance"], row["status"]) == ("200.00", "200.00", "standing")
    assert cast.desk("admin").get(f"programs/{till.program.pk}/timeline/").status_code == 403
    assert cast.desk("south_prescriber").get(f"programs/{till.program.pk}/timeline/").status_code == 404


def test_what_was_taken_back_is_not_in_it(till: Till) -> None:
    cast, session = till.cast, till.dose()
    with clock.fixed(DOSED):
        screener = cssrs(cast, till.program)
    cast.desk("np").must(f"measures/{screener.pk}/void/", {"reason": "Of her twin"})
    other = till.of(client(cast.north, by=cast.frontdesk, first="Kim"))
    with clock.fixed(DOSED):
        cssrs(cast, other.program)
    shown = course(cast, till.program, "director")
    assert (shown["measures"], shown["charges"]) == ([], [])
    cast.desk("prescriber").must(
        f"sessions/{session.pk}/administrations/{shown['doses'][0]['id']}/void/", {"reason": "Not given"}
    )
    assert course(cast, till.program, "director")["doses"] == []


@pytest.mark.parametrize("who", ["director", "frontdesk"])
def test_a_long_course_costs_no_query_more(till: Till, who: str) -> None:
    cast, session = till.cast, till.session()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            course(cast, till.program, who)
        found = [query["sql"] for query in captured.captured_queries]
        return len([sql for sql in found if not sql.startswith(("INSERT INTO", "SAVEPOINT", "RELEASE"))])

    few = queries()
    with clock.fixed(DOSED):
        measure = cssrs(cast, till.program)
    for n in range(50):
        values = {f.attname: getattr(session, f.attname) for f in Session._meta.concrete_fields}
        values = {name: value for name, value in values.items() if name not in {"id", "version"}}
        values["starts_at"] += timedelta(days=n + 1)
        values["ends_at"] += timedelta(days=n + 1)
        Session(**values).save_by(SYSTEM, at=NOW)
        kept = {f.attname: getattr(measure, f.attname) for f in Measure._meta.concrete_fields}
        Measure(**{name: value for name, value in kept.items() if name != "id"}).insert_by(SYSTEM, at=NOW)
    shown = course(cast, till.program, who)
    assert len(shown["sessions"]) == 51
    assert queries() == few <= 4
