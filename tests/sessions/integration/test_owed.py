"""Each KAP dose owes exactly one integration, written in the transaction that records the dose (R4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import schedule_obligation
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import Cast
from tests.sessions.giving import attempt


def test_the_first_dose_owes_one_integration_between_24_and_72_hours(cast: Cast) -> None:
    session = people.ready_dose(cast)
    answer = attempt(cast, session)
    assert answer.status_code == 201, answer.content
    row = Obligation.objects.get()
    assert row.dosing_session == session
    assert row.client_id == session.client_id
    assert row.therapist_id == cast.therapist.pk
    assert (row.state, row.escalations, row.integration_session) == ("due", [], None)
    assert (row.dosed_at, row.window_start, row.window_end) == (
        clock.now(),
        clock.now() + timedelta(hours=24),
        clock.now() + timedelta(hours=72),
    )
    assert answer.json()["obligation"]["id"] == str(row.pk)


def test_the_protocol_says_how_wide_the_window_is(cast: Cast) -> None:
    window = {"from_hours": 12, "to_hours": 48}
    protocol = people.approved_protocol(cast, name="Short", min_preparations=0, integration=window)
    row = people.owed(cast, people.cleared_program(cast, protocol=protocol))
    assert row.window_start == clock.now() + timedelta(hours=12)
    assert row.window_end == clock.now() + timedelta(hours=48)


def test_the_window_counts_from_when_the_dose_was_given_not_from_when_it_was_written(cast: Cast) -> None:
    session = people.ready_dose(cast)
    given_at = clock.now() + timedelta(minutes=10)
    with clock.fixed(given_at + timedelta(hours=2)):
        people.give(cast, session, administered_at=given_at)
    assert Obligation.objects.get().window_start == given_at + timedelta(hours=24)


def test_a_booster_owes_nothing_more(cast: Cast) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session)
    before = Obligation.objects.values().get()
    with clock.fixed(clock.now() + timedelta(minutes=20)):
        answer = attempt(cast, session, dose_mg="50")
    assert answer.status_code == 201, answer.content
    assert answer.json()["is_first"] is False
    assert Obligation.objects.values().get() == before


def test_a_dose_that_can_not_be_owed_for_is_not_recorded_either(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = people.ready_dose(cast)

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError("no obligation today")

    monkeypatch.setattr(integration, "owe_integration", refuse)
    with pytest.raises(IntegrityError), transaction.atomic():
        people.give(cast, session)
    assert not Administration.objects.exists()
    assert not Obligation.objects.exists()
    session.refresh_from_db()
    assert (session.status, session.outcome) == ("checked_in", "")


def test_a_ketamine_only_infusion_owes_no_integration(cast: Cast) -> None:
    protocol = people.approved_protocol(
        cast, name="Infusion", program_type="infusion_only", route="sublingual"
    )
    program = people.cleared_program(cast, protocol=protocol)
    staff = [{"user": cast.np.pk, "role": "nurse_practitioner"}]
    session = people.ready_dose(cast, program, staff=staff)
    answer = attempt(cast, session)
    assert answer.status_code == 201, answer.content
    assert answer.json()["obligation"] is None
    assert not Obligation.objects.exists()
    assert not Session.objects.filter(kind="integration").exists()


def test_voiding_the_dose_voids_what_it_owed_and_frees_the_slot(cast: Cast) -> None:
    row = people.owed(cast)
    schedule_obligation(obligation_id=row.pk, at=clock.now())
    booked = Obligation.objects.get().integration_session
    assert booked.status == "scheduled"
    dose = Administration.objects.get()
    path = f"sessions/{row.dosing_session_id}/administrations/{dose.pk}/void/"
    answer = cast.desk("prescriber").post(path, {"reason": "Wrong client"})
    assert answer.status_code == 200, answer.content
    assert answer.json()["voided"] is True
    row.refresh_from_db()
    booked.refresh_from_db()
    assert row.state == "voided"
    assert booked.status == "cancelled"
    assert not booked.allocations.filter(released_at__isnull=True).exists()


@pytest.mark.parametrize("who", ["np", "therapist", "frontdesk", "director", "billing", "admin"])
def test_only_a_prescriber_voids_a_dose(cast: Cast, who: str) -> None:
    row = people.owed(cast)
    dose = Administration.objects.get()
    path = f"sessions/{row.dosing_session_id}/administrations/{dose.pk}/void/"
    assert cast.desk(who).post(path, {"reason": "Wrong client"}).status_code == 403
    row.refresh_from_db()
    assert row.state == "due"
    assert not hasattr(Administration.objects.get(), "void")


def test_a_dose_after_a_voided_one_owes_again(cast: Cast) -> None:
    row = people.owed(cast)
    first = Administration.objects.get()
    visits.void_administration(dose_id=first.pk, reason="Wrong time", by=cast.prescriber, at=clock.now())
    with clock.fixed(clock.now() + timedelta(minutes=30)):
        again = people.give(cast, row.dosing_session)
        row.refresh_from_db()
        assert again.is_first
        assert (row.state, row.dosed_at) == ("due", clock.now())
        assert row.window_end == clock.now() + timedelta(hours=72)
        assert row.integration_session is None
        booked = schedule_obligation(obligation_id=row.pk, at=clock.now())
    assert booked is not None
    assert booked.state == "booked"
    assert Obligation.objects.count() == 1


def test_when_a_booster_outlives_the_voided_first_dose_the_window_follows_it(cast: Cast) -> None:
    row = people.owed(cast)
    first = Administration.objects.get()
    with clock.fixed(clock.now() + timedelta(minutes=20)):
        people.give(cast, row.dosing_session, dose_mg=50)
        visits.void_administration(dose_id=first.pk, reason="Never given", by=cast.prescriber, at=clock.now())
        row.refresh_from_db()
        assert (row.state, row.dosed_at) == ("due", clock.now())
        assert row.window_start == clock.now() + timedelta(hours=24)


def test_voiding_a_booster_changes_nothing_that_is_owed(cast: Cast) -> None:
    row = people.owed(cast)
    with clock.fixed(clock.now() + timedelta(minutes=20)):
        booster = people.give(cast, row.dosing_session, dose_mg=50)
        visits.void_administration(
            dose_id=booster.pk, reason="Never given", by=cast.prescriber, at=clock.now()
        )
    before = row.version
    row.refresh_from_db()
    assert (row.state, row.version) == ("due", before)


def test_the_database_refuses_a_second_obligation_for_a_dose(cast: Cast) -> None:
    row = people.owed(cast)
    columns = [field.column for field in Obligation._meta.fields]
    copied = ", ".join("gen_random_uuid()" if name == "id" else name for name in columns)
    statement = f"INSERT INTO clinic_sessions_obligation ({', '.join(columns)}) SELECT {copied} FROM clinic_sessions_obligation WHERE id = %s"
    with (
        pytest.raises(IntegrityError, match="dosing_session_id"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [row.pk])
    assert Obligation.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("window_end = window_start", "obligation_window"),
        ("state = 'booked'", "obligation_booked_has_session"),
        ("state = 'met'", "obligation_booked_has_session"),
        ("state = 'forgotten'", "obligation_state"),
        ("integration_session_id = dosing_session_id", "obligation_due_has_none"),
    ],
)
def test_the_database_refuses_an_obligation_that_contradicts_itself(
    cast: Cast, change: str, constraint: str
) -> None:
    people.owed(cast)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE clinic_sessions_obligation SET {change}")
