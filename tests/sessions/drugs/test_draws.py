"""Draws: what the dosing room asks of the ledger."""

from __future__ import annotations

from datetime import date
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from kapclinic.core.errors import ClinicError, Invalid, NotPermitted
from sessions.booking.models import Session
from sessions.drugs import selectors, services
from sessions.drugs.services import InsufficientStock, NoOpenDraw, WitnessInvalid
from tests.cast import MONDAY, Cast
from tests.sessions.drugs.stock import D, dose, lines, lot_with


def settle(cast: Cast, administration: Any, given: str, wasted: str, *, witness: Any = None) -> Any:
    return services.settle_draw(
        administration_id=administration,
        given_mg=D(given),
        wasted_mg=D(wasted),
        witness=witness,
        by=cast.np,
        at=MONDAY,
    )


def test_a_dose_without_waste_is_one_line(cast: Cast, book: dict[str, Session]) -> None:
    lot = lot_with(cast)
    entry = dose(cast, book["dosing"], lot, "60", "60", "0")
    assert lines(lot)[1:] == [("administer", D("60"), D("-60"), D("940"))]
    assert (entry.given_mg, entry.wasted_mg, entry.witness_id) == (D("60"), D("0"), None)
    assert entry.client_id == book["dosing"].client_id
    assert not selectors.open_draws(session_id=book["dosing"].pk).exists()


def test_what_is_left_of_a_draw_is_a_witnessed_line_that_moves_no_balance(
    cast: Cast, book: dict[str, Session]
) -> None:
    lot = lot_with(cast)
    entry = dose(cast, book["dosing"], lot, "100", "62.5", "37.5", witness=cast.prescriber)
    assert lines(lot)[1:] == [
        ("administer", D("100"), D("-100"), D("900")),
        ("waste", D("37.5"), D("0"), D("900")),
    ]
    waste = lot.entries.get(kind="waste")
    assert (waste.witness_id, waste.witness_verified_at) == (cast.prescriber.pk, MONDAY)
    assert waste.administration == entry.administration
    assert (waste.session_id, waste.client_id) == (entry.session_id, entry.client_id)


def test_an_infusion_is_an_open_draw_until_it_is_settled(cast: Cast, book: dict[str, Session]) -> None:
    lot = lot_with(cast)
    entry = dose(cast, book["dosing"], lot, "100")
    session = book["dosing"].pk
    assert list(selectors.open_draws(session_id=session)) == [entry]
    settled = settle(cast, entry.administration, "80", "20", witness=cast.therapist)
    assert (settled.kind, settled.given_mg, settled.wasted_mg) == ("settle", D("80"), D("20"))
    assert not selectors.open_draws(session_id=session).exists()
    assert lines(lot)[1:] == [
        ("administer", D("100"), D("-100"), D("900")),
        ("settle", D("100"), D("0"), D("900")),
        ("waste", D("20"), D("0"), D("900")),
    ]


def test_an_open_draw_of_one_session_is_not_anothers(cast: Cast, book: dict[str, Session]) -> None:
    dose(cast, book["dosing"], lot_with(cast), "100")
    assert not selectors.open_draws(session_id=book["medical"].pk).exists()


def test_a_draw_is_settled_once(cast: Cast, book: dict[str, Session]) -> None:
    lot = lot_with(cast)
    entry = dose(cast, book["dosing"], lot, "100")
    settle(cast, entry.administration, "100", "0")
    with pytest.raises(NoOpenDraw):
        settle(cast, entry.administration, "100", "0")
    at_once = dose(cast, book["dosing"], lot, "10", "10", "0")
    with pytest.raises(NoOpenDraw):
        settle(cast, at_once.administration, "10", "0")
    with pytest.raises(NoOpenDraw):
        settle(cast, uuid4(), "10", "0")
    assert len(lines(lot)) == 4


@pytest.mark.parametrize(("given", "wasted"), [("100", "1"), ("99.999", "0"), ("101", "-1"), ("0", "0")])
def test_a_settlement_must_add_up_to_what_was_drawn(
    cast: Cast, book: dict[str, Session], given: str, wasted: str
) -> None:
    lot = lot_with(cast)
    entry = dose(cast, book["dosing"], lot, "100")
    with pytest.raises(Invalid):
        settle(cast, entry.administration, given, wasted, witness=cast.prescriber)
    assert len(lines(lot)) == 2


@pytest.mark.parametrize(
    ("drawn", "given", "wasted", "pointer"),
    [
        ("60", "50", "5", "/wasted_mg"),
        ("60", "61", "-1", "/wasted_mg"),
        ("60", "60", None, "/wasted_mg"),
        ("60", None, "60", "/given_mg"),
        ("0", "0", "0", "/drawn_mg"),
        ("-5", None, None, "/drawn_mg"),
    ],
)
def test_a_draw_must_be_given_or_wasted_to_the_last_microgram(
    cast: Cast, book: dict[str, Session], drawn: str, given: str | None, wasted: str | None, pointer: str
) -> None:
    lot = lot_with(cast)
    with pytest.raises(Invalid) as refused:
        dose(cast, book["dosing"], lot, drawn, given, wasted, witness=cast.prescriber)
    assert refused.value.errors[0].pointer == pointer
    assert len(lines(lot)) == 1


def test_nobody_wastes_alone(cast: Cast, book: dict[str, Session]) -> None:
    lot = lot_with(cast)
    with pytest.raises(WitnessInvalid):
        dose(cast, book["dosing"], lot, "60", "50", "10")
    with pytest.raises(WitnessInvalid):
        dose(cast, book["dosing"], lot, "60", "50", "10", witness=cast.np)
    entry = dose(cast, book["dosing"], lot, "60")
    for witness in (None, cast.np):
        with pytest.raises(WitnessInvalid):
            settle(cast, entry.administration, "50", "10", witness=witness)
    assert len(lines(lot)) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"drug": "esketamine"}, "wrong_drug"),
        ({"on": date(2027, 7, 1)}, "expired"),
        ({"lot_id": uuid4()}, "not_found"),
    ],
)
def test_a_lot_that_cannot_serve_the_dose_refuses_it(
    cast: Cast, book: dict[str, Session], change: dict[str, Any], code: str
) -> None:
    lot = lot_with(cast)
    with pytest.raises(Invalid) as refused:
        dose(cast, book["dosing"], lot, "60", "60", "0", **change)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/drug_lot", code)]
    assert len(lines(lot)) == 1


def test_a_lot_serves_through_its_last_day_whatever_the_case_of_its_name(
    cast: Cast, book: dict[str, Session]
) -> None:
    lot = lot_with(cast, drug="Ketamine")
    dose(cast, book["dosing"], lot, "60", "60", "0", on=date(2027, 6, 30))
    assert len(lines(lot)) == 2


def test_stock_of_another_location_is_not_drawn_from(cast: Cast, book: dict[str, Session]) -> None:
    lot = lot_with(cast)
    with pytest.raises(Invalid) as refused:
        dose(cast, book["dosing"], lot, "60", "60", "0", location_id=cast.south.pk)
    assert refused.value.errors[0].code == "not_found"
    assert len(lines(lot)) == 1


def test_an_expired_lot_can_still_be_counted_wasted_and_returned(cast: Cast) -> None:
    lot = lot_with(cast, expires_on=date(2020, 1, 1))
    for kind, witness in (("count", None), ("waste", cast.prescriber), ("return", None)):
        amount = D("1000") if kind == "count" else D("10")
        services.record_entry(
            lot_id=lot.pk,
            kind=kind,
            amount_mg=amount,
            reason="expired",
            witness=witness,
            by=cast.np,
            at=MONDAY,
        )
    assert lines(lot)[-1][3] == D("980")


@pytest.mark.parametrize("who", ["therapist", "frontdesk", "director", "billing", "admin"])
def test_only_who_keeps_drug_draws_it(cast: Cast, book: dict[str, Session], who: str) -> None:
    lot = lot_with(cast)
    with pytest.raises(NotPermitted):
        dose(cast, book["dosing"], lot, "60", "60", "0", by=cast.people[who])
    entry = dose(cast, book["dosing"], lot, "60")
    with pytest.raises(NotPermitted):
        services.settle_draw(
            administration_id=entry.administration,
            given_mg=D("60"),
            wasted_mg=D("0"),
            witness=None,
            by=cast.people[who],
            at=MONDAY,
        )
    assert len(lines(lot)) == 2


def test_the_last_milligram_can_be_drawn_and_not_one_more(cast: Cast, book: dict[str, Session]) -> None:
    lot = lot_with(cast, "100")
    dose(cast, book["dosing"], lot, "100", "100", "0")
    with pytest.raises(InsufficientStock):
        dose(cast, book["dosing"], lot, "0.001", "0.001", "0")
    assert lines(lot)[-1][3] == D("0")


@pytest.mark.django_db(transaction=True)
def test_ten_nurses_who_draw_60_from_a_vial_of_100_get_one_dose(cast: Cast, book: dict[str, Session]) -> None:
    lot = lot_with(cast, "100")
    start, ended = Barrier(10), []

    def draw() -> None:
        try:
            start.wait(timeout=20)
            dose(cast, book["dosing"], lot, "60", "60", "0")
            ended.append("drawn")
        except ClinicError as refused:
            ended.append(type(refused).__name__)
        finally:
            connection.close()

    threads = [Thread(target=draw) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(ended) == ["InsufficientStock"] * 9 + ["drawn"]
    assert [str(line[3]) for line in lines(lot)] == ["100.000", "40.000"]
