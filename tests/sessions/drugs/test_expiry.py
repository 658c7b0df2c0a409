"""A lot serves through its last day by the clinic's clock, whatever day it is in Greenwich."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from kapclinic.core import clock
from sessions.drugs.models import DrugEntry
from tests import cast as people
from tests.cast import IM, lot_of, weighed
from tests.sessions.giving import attempt, stock


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("local", "expires_on", "status"),
    [
        ("2026-05-04T19:30:00-06:00", date(2026, 5, 4), 201),  # 5 May in Greenwich
        ("2026-05-05T09:00:00-06:00", date(2026, 5, 4), 400),
    ],
)
def test_expiry_is_by_the_local_date(local: str, expires_on: date, status: int) -> None:
    with clock.fixed(datetime.fromisoformat(local)):
        cast = people.assemble()
        session = weighed(cast, IM)
        answer = attempt(cast, session, **stock(lot_of(cast, expires_on=expires_on), dose_mg="40"))
    assert answer.status_code == status, answer.content
    assert DrugEntry.objects.filter(kind="administer").count() == (status == 201)
