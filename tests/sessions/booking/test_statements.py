"""A booking is few statements, and the one that takes its locks takes those that every other booking takes."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from sessions.booking.services.allocations import ResourceConflict, lock_key, lock_with_client
from tests import cast as people
from tests.cast import Cast
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, body, row
from tests.wire import trips

WAYS = 4
STATEMENTS = 11  # token and key, the request's savepoint and its end, audit event and answer among them


def test_a_room_two_people_and_a_client_are_booked_in_few_statements(cast: Cast) -> None:
    program, front = people.opened_program(cast), cast.desk("frontdesk")
    both = [row(cast.therapist, "therapist"), row(cast.np, "nurse_practitioner")]
    front.must("sessions/", body(cast, program, staff=both))
    with CaptureQueriesContext(connection) as asked:
        front.must("sessions/", body(cast, program, start=TUESDAY + timedelta(days=1), staff=both))
    assert len(asked) <= STATEMENTS, [query["sql"] for query in asked.captured_queries]


@pytest.mark.django_db(transaction=True)
def test_a_booking_goes_there_and_back_four_times(cast: Cast) -> None:
    """Who asks; the key, the locks and all that is taken; the rows, read back; the traces with COMMIT."""
    program, front = people.opened_program(cast), cast.desk("frontdesk")
    both = [row(cast.therapist, "therapist"), row(cast.np, "nurse_practitioner")]
    for _ in range(2):  # what finds the token is prepared by then
        front.get("auth/me/")
    for day in range(WAYS + 2):  # all else is at some time
        with trips() as found:
            front.must("sessions/", body(cast, program, start=TUESDAY + timedelta(days=day), staff=both))
        assert len(found) <= WAYS, found


def _advisory_locks() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks"
            " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        )
        return {key - (1 << 64) if key >= 1 << 63 else key for (key,) in cursor.fetchall()}


def test_the_locks_are_those_of_every_booking(cast: Cast) -> None:
    (client,) = desk.clients_of(cast, 1)
    resources = [cast.aspen.pk, cast.therapist.pk, *(uuid4() for _ in range(20))]
    before = _advisory_locks()
    assert lock_with_client(resources, client=client.pk) == [client.pk]
    assert _advisory_locks() - before == {lock_key(pk) for pk in [*resources, client.pk]}


def test_a_request_takes_the_locks_of_its_booking_with_its_key(cast: Cast) -> None:
    (program,), front = desk.programs_of(cast, 1), cast.desk("frontdesk")
    held = {lock_key(pk) for pk in (cast.aspen.pk, cast.therapist.pk, program.client_id)}
    before = _advisory_locks()
    with CaptureQueriesContext(connection) as asked:
        front.must("sessions/", body(cast, program))
    assert sum("clinic_sessions_lock" in query["sql"] for query in asked.captured_queries) == 1
    fresh = _advisory_locks() - before
    assert fresh > held
    assert len(fresh) == len(held) + 1  # and the key


def test_a_course_that_somebody_does_not_see_is_not_locked(cast: Cast) -> None:
    (program,), front = desk.programs_of(cast, 1), cast.desk("south_frontdesk")
    before = _advisory_locks()
    answer = front.post("sessions/", body(cast, program))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_found")
    assert len(_advisory_locks() - before) <= 1  # the key


@pytest.mark.parametrize("wrong", [{"kind": "walk"}, {"staff": "nobody"}, {"room": 7}])
def test_what_cannot_be_read_is_refused_behind_its_key_as_without_one(
    cast: Cast, wrong: dict[str, object]
) -> None:
    (program,), front = desk.programs_of(cast, 1), cast.desk("frontdesk")
    front.must("sessions/", body(cast, program), key="used")
    told = [front.post("sessions/", body(cast, program) | wrong, key=key) for key in (None, "fresh", "used")]
    assert [answer.status_code for answer in told] == [400, 400, 422]
    assert told[0].json()["errors"] == told[1].json()["errors"]


@pytest.mark.django_db(transaction=True)
def test_who_may_not_wait_hears_that_another_booking_is_being_made(cast: Cast) -> None:
    first, second = desk.clients_of(cast, 2)
    other = connections.create_connection("default")
    try:
        with transaction.atomic():
            lock_with_client([cast.aspen.pk], client=first.pk)
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock_key(cast.therapist.pk)])
            with pytest.raises(ResourceConflict):
                lock_with_client([cast.therapist.pk], client=second.pk, wait=False)
            assert lock_with_client([cast.birch.pk], client=second.pk, wait=False) == [second.pk]
    finally:
        other.close()
