"""Sense of dates and sizes: what can only be a slip of the pen is 400 by its field, and every field has a limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.urls import get_resolver
from rest_framework import serializers

from billing.ledger.models import Payment
from kapclinic.core import limits
from kapclinic.core.http.fields import Input, limited
from kapclinic.practice.models import TimeOff
from sessions.booking.models import Session
from sessions.dosing.models import Order
from sessions.drugs.models import DrugLot
from tests import cast as people
from tests.asking import refused
from tests.cast import Cast

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "limit", "fits"),
    [
        (date(2036, 5, 10), limits.LIMITS["LotIn.expires_on"], True),
        (date(2036, 5, 12), limits.LIMITS["LotIn.expires_on"], False),
        (date(2016, 4, 27), limits.LIMITS["LotIn.expires_on"], True),
        (date(2016, 4, 25), limits.LIMITS["LotIn.expires_on"], False),
        (datetime(2027, 5, 5, 23, 0, tzinfo=UTC), limits.LIMITS["OrderIn.valid_until"], True),
        (datetime(2027, 5, 6, 0, 0, tzinfo=UTC), limits.LIMITS["OrderIn.valid_until"], False),
        (Decimal(1000), limits.LIMITS["LotIn.concentration_mg_per_ml"], True),
        (Decimal("1000.001"), limits.LIMITS["LotIn.concentration_mg_per_ml"], False),
        (Decimal("100000.00"), limits.LIMITS[limits.MONEY], True),
        (Decimal("100000.01"), limits.LIMITS[limits.MONEY], False),
        (Decimal("-100000.01"), limits.LIMITS[limits.MONEY], False),
    ],
)
def test_at_each_edge_of_a_limit(value: Any, limit: Any, fits: bool) -> None:
    assert (limits.beyond(value, limit, at=NOON) == "") is fits


def lot(cast: Cast, **more: str) -> dict[str, str]:
    said = {
        "location": str(cast.north.pk),
        "drug": "ketamine",
        "form": "vial",
        "concentration_mg_per_ml": "50",
        "lot_number": "A-1",
        "expires_on": "2027-06-30",
        "quantity_mg": "500",
        "supplier": "Supply Co",
        "invoice": "INV-7",
    }
    return said | more


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expires_on", "0027-06-30"),
        ("expires_on", "2127-06-30"),
        ("concentration_mg_per_ml", "50000"),
        ("quantity_mg", "900000"),
        ("container_mg", "50001"),
    ],
)
def test_a_lot_that_cannot_be_is_refused_by_its_field(cast: Cast, field: str, value: str) -> None:
    refused(cast.desk("np").post("drug-lots/", lot(cast, **{field: value})), 400, "implausible", f"/{field}")
    assert not DrugLot.objects.exists()
    cast.desk("np").must("drug-lots/", lot(cast))


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", "9999999999.99"), ("received_on", "0026-05-04"), ("received_on", "1926-05-04")],
)
def test_a_payment_that_cannot_be_is_refused_by_its_field(cast: Cast, field: str, value: str) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    body = {"client": str(client.pk), "amount": "100.00", "method": "card", "received_on": "2026-05-04"}
    refused(cast.desk("billing").post("payments/", body | {field: value}), 400, "implausible", f"/{field}")
    assert not Payment.objects.exists()
    cast.desk("billing").must("payments/", body)


@pytest.mark.parametrize(
    ("field", "value"),
    [("valid_until", "2126-05-05T00:00:00Z"), ("dose_mg", "10001"), ("max_total_mg", "99999")],
)
def test_an_order_that_cannot_be_is_refused_by_its_field(cast: Cast, field: str, value: str) -> None:
    session = people.ready_dose(cast, without=("order",))
    body = {
        "drug": "ketamine",
        "route": "sublingual",
        "dose_mg": "100",
        "max_total_mg": "200",
        "valid_until": "2026-05-05T00:00:00Z",
    }
    path = f"sessions/{session.pk}/orders/"
    refused(cast.desk("prescriber").post(path, body | {field: value}), 400, "implausible", f"/{field}")
    assert not Order.objects.exists()
    cast.desk("prescriber").must(path, body)


def test_a_session_a_century_away_is_refused_by_its_field(cast: Cast) -> None:
    program = people.opened_program(cast)
    body = {
        "program": str(program.pk),
        "kind": "preparation",
        "modality": "video",
        "starts_at": "2126-05-05T15:00:00Z",
        "ends_at": "2126-05-05T16:00:00Z",
        "staff": [{"user": str(cast.therapist.pk), "role": "therapist"}],
        "override_reason": "Far away",
    }
    answer = cast.desk("frontdesk").post("sessions/", body)
    refused(answer, 400, "implausible", "/starts_at")
    refused(answer, 400, "implausible", "/ends_at")
    assert not Session.objects.exists()


def test_an_absence_of_a_century_is_refused_by_its_field(cast: Cast) -> None:
    body = {"starts_at": "2026-05-05T15:00:00Z", "ends_at": "2126-05-05T15:00:00Z", "reason": "Away"}
    answer = cast.desk("admin").post(f"staff/{cast.therapist.pk}/time-off/", body)
    refused(answer, 400, "implausible", "/ends_at")
    assert not TimeOff.objects.exists()


def test_a_date_in_a_list_is_named_by_its_place(cast: Cast) -> None:
    desk = cast.desk("admin")
    answer = desk.patch(f"locations/{cast.north.pk}/", {"closed_dates": ["2026-12-25", "2126-12-25"]})
    refused(answer, 400, "implausible", "/closed_dates/1")
    cast.north.refresh_from_db()
    assert cast.north.closed_dates == []


# --- every field ------------------------------------------------------------------------------------------------------


def bodies() -> Iterator[type[Input]]:
    get_resolver().url_patterns  # noqa: B018  (every view, and so every body, is loaded)
    waiting = [Input]
    while waiting:
        for body in waiting.pop().__subclasses__():
            waiting.append(body)
            yield body


DATED = (serializers.DateField, serializers.DateTimeField, serializers.DecimalField)


def test_every_date_and_amount_of_every_body_has_a_limit() -> None:
    found = 0
    for body in bodies():
        for name, field in body().fields.items():
            if isinstance(getattr(field, "child", field), DATED):
                found += 1
                own = name == "date_of_birth"  # its rule knows how old people grow
                assert own or limited(body(), name, field) is not None, (body.__name__, name)
    assert found > 80


def test_every_row_of_the_table_names_a_field_that_is_there() -> None:
    known = {f"{body.__name__}.{name}" for body in bodies() for name in body().fields}
    assert {key for key in limits.LIMITS if "." in key} - known == set()
