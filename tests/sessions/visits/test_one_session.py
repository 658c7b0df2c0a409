"""One session is read by a statement that is put together once: it has what the rows of a list have."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.visits.selectors.sessions import session_row, session_rows
from tests import cast as people
from tests.cast import Cast
from tests.sessions.booking.desk import TUESDAY


@pytest.mark.parametrize(
    "name", ["frontdesk", "therapist", "np", "prescriber", "director", "admin", "billing"]
)
def test_one_session_is_read_as_a_list_reads_it(cast: Cast, name: str) -> None:
    user, front = cast.people[name], cast.desk("frontdesk")
    program = people.cleared_program(cast)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    front.must(f"sessions/{dose.pk}/cancel/", {"reason": "They are ill"})
    rows = Session.objects.visible_to(user)
    assert rows.count() > 1
    for session in rows:
        (listed,) = session_rows(rows.filter(pk=session.pk), by=user)
        assert session_row(session.pk, by=user) == listed


def test_a_session_elsewhere_is_none(cast: Cast) -> None:
    session = people.booked(cast, people.opened_program(cast), "preparation", clock.now() + timedelta(days=1))
    assert session_row(session.pk, by=cast.south_frontdesk) is None
    assert session_row(session.pk, by=cast.frontdesk) is not None
