"""What clinicians attest: rows that nobody changes, of which the latest counts, and codes that somebody declared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.core.audited import HistoryBypassed
from kapclinic.core.errors import NotPermitted
from kapclinic.practice.models import SYSTEM_ID
from programs import policy
from programs.models import Modality
from sessions.booking.models import Session
from sessions.dosing import selectors, services
from sessions.dosing.gates import gather
from sessions.dosing.gates.facts import Facts, Said
from sessions.dosing.gates.judge import judge
from sessions.dosing.models import Attestation, AttestationCode
from sessions.dosing.rules.attestations import OF_THE_CLIENT
from tests import cast as people
from tests.cast import MONDAY, Cast, attest
from tests.sessions.giving import attempt

NINE = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def rows(session: Session) -> list[tuple[str, bool, Any, datetime]]:
    found = Attestation.objects.filter(session=session).order_by("at", "pk")
    return [(row.code, row.value, row.by, row.at) for row in found]


def state(cast: Cast, session: Session, gate: str) -> str:
    found = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
    return next(str(row["state"]) for row in found["gates"] if row["code"] == gate)


# --- codes ------------------------------------------------------------------------------------------------------------


def test_a_mistyped_attestation_is_refused_by_name_and_changes_nothing(cast: Cast) -> None:
    session = people.ready_dose(cast)
    before, version = rows(session), Session.objects.get(pk=session.pk).version
    body = {"attestations": {"contraindication": False, "identifiers": False}, "weight_kg": "80"}
    answer = cast.desk("np").patch(f"sessions/{session.pk}/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/attestations/contraindication", "unknown_attestation")
    assert all(code in error["detail"] for code in AttestationCode.values)
    assert rows(session) == before
    after = Session.objects.get(pk=session.pk)
    assert (after.version, after.weight_kg) == (version, None)
    assert state(cast, session, "contraindications") == "pass"


class _Heard(dict[str, Said]):
    """Words that answer every code alike, and remember which were asked for."""

    def __init__(self, value: bool, asked: set[str]) -> None:
        super().__init__()
        self.value, self.asked = value, asked

    def get(self, code: str, default: Any = None) -> Said:
        self.asked.add(code)
        return Said(self.value, SYSTEM_ID, NINE)


def _every_case(asked: set[str]) -> Iterable[Facts]:
    for value in (True, False):
        for modality in Modality.values:
            for esketamine in (True, False):
                yield Facts(
                    moment=NINE,
                    modality=modality,
                    esketamine=esketamine,
                    modes=dict.fromkeys(policy.GATES, "required"),
                    clear_hours=2,
                    last_dosed_at=NINE - timedelta(days=7),
                    said=_Heard(value, asked),
                )


def test_the_gates_read_each_declared_code_and_no_other() -> None:
    asked: set[str] = set()
    for facts in _every_case(asked):
        judge(facts, overrides={})
    assert asked | set(OF_THE_CLIENT) == set(AttestationCode.values)
    assert all(AttestationCode(code).label for code in asked)


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_yes_and_a_no_of_two_clinicians_both_stand_and_the_latest_counts(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("not_intoxicated",))
    first, second, third = (MONDAY + timedelta(minutes=minute) for minute in (1, 2, 3))
    with clock.fixed(first):
        attest(cast, session, "not_intoxicated")
        assert state(cast, session, "not_intoxicated") == "pass"
    with clock.fixed(second):
        attest(cast, session, "not_intoxicated", value=False, by="therapist")
        assert state(cast, session, "not_intoxicated") == "open"
        assert attempt(cast, session).json()["code"] == "not_ready"
    shown = cast.desk("np").get(f"sessions/{session.pk}/").json()
    assert shown["attestations"]["not_intoxicated"] is False
    assert shown["attested"]["not_intoxicated"] == {
        "by": str(cast.therapist.pk),
        "at": "2026-05-04T15:02:00Z",
    }
    with clock.fixed(third):
        attest(cast, session, "not_intoxicated")
        assert state(cast, session, "not_intoxicated") == "pass"
    said = [row for row in rows(session) if row[0] == "not_intoxicated"]
    assert [(value, by.pk, at) for _, value, by, at in said] == [
        (True, cast.np.pk, first),
        (False, cast.therapist.pk, second),
        (True, cast.np.pk, third),
    ]


def test_of_two_words_of_one_moment_the_later_row_counts(cast: Cast) -> None:
    session = people.ready_dose(cast)
    for value in (False, True, False):
        attest(cast, session, "equipment", value=value)
    assert cast.desk("np").get(f"sessions/{session.pk}/").json()["attestations"]["equipment"] is False
    assert state(cast, session, "equipment") == "open"


def test_who_is_no_clinician_attests_nothing(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("identifiers",))
    before = rows(session)
    with pytest.raises(NotPermitted):
        services.attest(session=session, said={"identifiers": True}, by=cast.frontdesk, at=clock.now())
    assert rows(session) == before


def test_each_word_changes_the_etag_of_the_session(cast: Cast) -> None:
    session, np = people.ready_dose(cast), cast.desk("np")
    path, body = f"sessions/{session.pk}/", {"attestations": {"equipment": True}}
    seen = np.get(path)["ETag"]
    answer = np.patch(path, body, match=seen)
    assert (answer.status_code, answer["ETag"]) == (200, np.get(path)["ETag"])
    assert answer["ETag"] != seen
    assert (
        np.patch(path, body, match=seen).status_code == 412
    )  # said on a screen that does not show the last word
    assert [row[0] for row in rows(session)].count("equipment") == 2


def test_a_preparation_may_be_attested_too(cast: Cast) -> None:
    program = people.opened_program(cast)
    session = people.booked(cast, program, "preparation", MONDAY + timedelta(hours=2))
    answer = cast.desk("therapist").patch(f"sessions/{session.pk}/", {"attestations": {"pdmp": True}})
    assert (answer.status_code, answer.json()["attestations"]) == (200, {"pdmp": True})


# --- the database -----------------------------------------------------------------------------------------------------


def run(statement: str, *params: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_the_database_refuses_to_change_or_to_lose_a_word(cast: Cast) -> None:
    session = people.ready_dose(cast)
    before = rows(session)
    for statement in (
        "UPDATE clinic_sessions_attestation SET value = NOT value",
        "DELETE FROM clinic_sessions_attestation",
        "TRUNCATE clinic_sessions_attestation",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            run(statement)
    with pytest.raises(HistoryBypassed):
        session.attestations.update(value=False)
    assert rows(session) == before


def test_the_database_refuses_a_code_that_nobody_declared(cast: Cast) -> None:
    session = people.ready_dose(cast)
    word = Attestation(session=session, code="contraindication", value=False, by=cast.np, at=MONDAY)
    with pytest.raises(IntegrityError, match="attestation_code"), transaction.atomic():
        word.insert_by(cast.np, at=MONDAY)


# --- how much is asked ------------------------------------------------------------------------------------------------


def test_words_cost_no_queries(cast: Cast) -> None:
    session = people.ready_dose(cast, without=people.ASKED)

    def counted() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as shown:
            cast.desk("np").get("sessions/")
        with CaptureQueriesContext(connection) as judged:
            gather.readiness(session_id=session.pk, at=clock.now())
        return len(shown), len(judged)

    counted()  # the first answer also looks up who asks
    before = counted()
    for by in ("np", "therapist", "prescriber"):
        attest(cast, session, *AttestationCode.values, by=by)
    assert counted() == before


def test_words_on_other_sessions_are_those_that_are_asked_of_the_client(cast: Cast) -> None:
    program = people.cleared_program(cast)
    with clock.fixed(MONDAY - timedelta(days=2)):
        old = people.booked(cast, program, "dosing", MONDAY - timedelta(days=1), override_reason="x")
        attest(cast, old, *AttestationCode.values)
    session = people.booked(cast, program, "dosing", MONDAY + timedelta(hours=5), override_reason="x")
    assert {row.code for row in selectors.words_for(session)} == set(OF_THE_CLIENT)
    assert {row.code for row in selectors.words_for(old)} == set(AttestationCode.values)
