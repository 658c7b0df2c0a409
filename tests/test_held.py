"""What tests share is there for a test only once it comes to it, and what it writes itself is there for nobody else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, transaction

from kapclinic.practice.models import Client, Location
from tests.asking import sql
from tests.cast import IM, Cast, client, opened_program, weighed


@pytest.mark.parametrize("nth", range(4))
def test_a_look_finds_nothing_that_a_factory_is_still_to_write(cast: Cast, nth: int) -> None:
    written = nth % 2
    if written:  # lies there for the next one, who must not see it
        opened_program(cast)
        sql("UPDATE practice_client SET version = 7")
    assert Client.objects.filter(version=7).count() == written
    assert Client.objects.count() == written
    client(cast.north, by=cast.frontdesk)
    assert Client.objects.count() == written + 1


@pytest.mark.parametrize("nth", [1, 2])
def test_what_was_undone_within_a_test_takes_nothing_along(cast: Cast, nth: int) -> None:
    known = client(cast.north, by=cast.frontdesk)
    with transaction.atomic():
        client(cast.north, by=cast.frontdesk, first="Sam")
        transaction.set_rollback(True)
    assert [row.pk for row in Client.objects.all()] == [known.pk]


@pytest.mark.parametrize("nth", [1, 2])
def test_a_test_may_leave_its_transaction_refused(cast: Cast, nth: int) -> None:
    assert not Client.objects.exists()
    transaction.set_rollback(True)
    assert connection.needs_rollback


def test_without_a_cast_nobody_is_there(db: None) -> None:
    assert not Location.objects.exists()


@pytest.mark.parametrize("kg", ["73.5", "80", "66"])
def test_what_a_factory_changed_by_itself_is_told_to_those_that_it_calls(cast: Cast, kg: str) -> None:
    """The order is written by a factory of its own, for the weight that stands on the session by then."""
    assert weighed(cast, IM, kg=kg).orders.get().weight_kg == Decimal(kg)
