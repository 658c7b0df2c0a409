"""Draws: what the dosing room asks of the ledger."""

from __future__ import annotations

from datetime import date
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from kapclinic.core.errors import ClinicError, Invalid, NotPermitted
from sessions.drugs import selectors, services
from sessions.drugs.services import InsufficientStock, NoOpenDraw, WitnessInvalid
from tests.sessions.drugs.stock import D, dose, lines, lot_of
from tests.sessions.rooms import AT, Clinic, open_clinic


def settle(clinic: Clinic, administration: Any, given: str, wasted: str, *, witness: Any = None) -> Any:
    return services.settle_draw(
        administration_id=administration,
        given_mg=D(given),
        wasted_mg=D(wasted),
        witness=witness,
        by=clinic["np"],
        at=AT,
    )


def test_a_dose_without_waste_is_one_line(clinic: Clinic) -> None:
    lot = lot_of(clinic)
    entry = dose(clinic, lot, "60", "60", "0")
    assert lines(lot)[1:] == [("administer", D("60"), D("-60"), D("940"))]
    assert (entry.given_mg, entry.wasted_mg, entry.witness_id) == (D("60"), D("0"), None)
    assert entry.client_id == clinic.client.pk
    assert not selectors.open_draws(session_id=clinic.sessions["dosing"].pk).exists()


def test_what_is_left_of_a_draw_is_a_witnessed_line_that_moves_no_balance(clinic: Clinic) -> None:
    lot = lot_of(clinic)
    entry = dose(clinic, lot, "100", "62.5", "37.5", witness=clinic["np2"])
    assert lines(lot)[1:] == [
        ("administer", D("100"), D("-100"), D("900")),
        ("waste", D("37.5"), D("0"), D("900")),
    ]
    waste = lot.entries.get(kind="waste")
    assert (waste.witness_id, waste.witness_verified_at) == (clinic["np2"].pk, AT)
    assert waste.administration == entry.administration
    assert (waste.session_id, waste.client_id) == (entry.session_id, entry.client_id)


def test_an_infusion_is_an_open_draw_until_it_is_settled(clinic: Clinic) -> None:
    lot = lot_of(clinic)
    entry = dose(clinic, lot, "100")
    session = clinic.sessions["dosing"].pk
    assert list(selectors.open_draws(session_id=session)) == [entry]
    settled = settle(clinic, entry.administration, "80", "20", witness=clinic["therapist"])
    assert (settled.kind, settled.given_mg, settled.wasted_mg) == ("settle", D("80"), D("20"))
    assert not selectors.open_draws(session_id=session).exists()
    assert lines(lot)[1:] == [
        ("administer", D("100"), D("-100"), D("900")),
        ("settle", D("100"), D("0"), D("900")),
        ("waste", D("20"), D("0"), D("900")),
    ]


def test_an_open_draw_of_one_session_is_not_anothers(clinic: Clinic) -> None:
    dose(clinic, lot_of(clinic), "100")
    assert not selectors.open_draws(session_id=clinic.sessions["medical"].pk).exists()


def test_a_draw_is_settled_once(clinic: Clinic) -> None:
    lot = lot_of(clinic)
    entry = dose(clinic, lot, "100")
    settle(clinic, entry.administration, "100", "0")
    with pytest.raises(NoOpenDraw):
        settle(clinic, entry.administration, "100", "0")
    at_once = dose(clinic, lot, "10", "10", "0")
    with pytest.raises(NoOpenDraw):
        settle(clinic, at_once.administration, "10", "0")
    with pytest.raises(NoOpenDraw):
        settle(clinic, uuid4(), "10", "0")
    assert len(lines(lot)) == 4


@pytest.mark.parametrize(("given", "wasted"), [("100", "1"), ("99.999", "0"), ("101", "-1"), ("0", "0")])
def test_a_settlement_must_add_up_to_what_was_drawn(clinic: Clinic, given: str, wasted: str) -> None:
    lot = lot_of(clinic)
    entry = dose(clinic, lot, "100")
    with pytest.raises(Invalid):
        settle(clinic, entry.administration, given, wasted, witness=clinic["np2"])
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
    clinic: Clinic, drawn: str, given: str | None, wasted: str | None, pointer: str
) -> None:
    lot = lot_of(clinic)
    with pytest.raises(Invalid) as refused:
        dose(clinic, lot, drawn, given, wasted, witness=clinic["np2"])
    assert refused.value.errors[0].pointer == pointer
    assert len(lines(lot)) == 1


def test_nobody_wastes_alone(clinic: Clinic) -> None:
    lot = lot_of(clinic)
    with pytest.raises(WitnessInvalid):
        dose(clinic, lot, "60", "50", "10")
    with pytest.raises(WitnessInvalid):
        dose(clinic, lot, "60", "50", "10", witness=clinic["np"])
    entry = dose(clinic, lot, "60")
    for witness in (None, clinic["np"]):
        with pytest.raises(WitnessInvalid):
            settle(clinic, entry.administration, "50", "10", witness=witness)
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
    clinic: Clinic, change: dict[str, Any], code: str
) -> None:
    lot = lot_of(clinic)
    with pytest.raises(Invalid) as refused:
        dose(clinic, lot, "60", "60", "0", **change)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/drug_lot", code)]
    assert len(lines(lot)) == 1


def test_a_lot_serves_through_its_last_day_whatever_the_case_of_its_name(clinic: Clinic) -> None:
    lot = lot_of(clinic, drug="Ketamine")
    dose(clinic, lot, "60", "60", "0", on=date(2027, 6, 30))
    assert len(lines(lot)) == 2


def test_stock_of_another_location_is_not_drawn_from(clinic: Clinic) -> None:
    lot = lot_of(clinic)
    with pytest.raises(Invalid) as refused:
        dose(clinic, lot, "60", "60", "0", location_id=clinic.there.pk)
    assert refused.value.errors[0].code == "not_found"
    assert len(lines(lot)) == 1


def test_an_expired_lot_can_still_be_counted_wasted_and_returned(clinic: Clinic) -> None:
    lot = lot_of(clinic, expires_on=date(2020, 1, 1))
    for kind, witness in (("count", None), ("waste", clinic["np2"]), ("return", None)):
        amount = D("1000") if kind == "count" else D("10")
        services.record_entry(
            lot_id=lot.pk,
            kind=kind,
            amount_mg=amount,
            reason="expired",
            witness=witness,
            by=clinic["np"],
            at=AT,
        )
    assert lines(lot)[-1][3] == D("980")


@pytest.mark.parametrize("who", ["therapist", "frontdesk", "director", "billing", "admin"])
def test_only_who_keeps_drug_draws_it(clinic: Clinic, who: str) -> None:
    lot = lot_of(clinic)
    with pytest.raises(NotPermitted):
        dose(clinic, lot, "60", "60", "0", by=clinic[who])
    entry = dose(clinic, lot, "60")
    with pytest.raises(NotPermitted):
        services.settle_draw(
            administration_id=entry.administration,
            given_mg=D("60"),
            wasted_mg=D("0"),
            witness=None,
            by=clinic[who],
            at=AT,
        )
    assert len(lines(lot)) == 2


def test_the_last_milligram_can_be_drawn_and_not_one_more(clinic: Clinic) -> None:
    lot = lot_of(clinic, "100")
    dose(clinic, lot, "100", "100", "0")
    with pytest.raises(InsufficientStock):
        dose(clinic, lot, "0.001", "0.001", "0")
    assert lines(lot)[-1][3] == D("0")


@pytest.mark.django_db(transaction=True)
def test_ten_nurses_who_draw_60_from_a_vial_of_100_get_one_dose() -> None:
    clinic = open_clinic()
    lot = lot_of(clinic, "100")
    start, ended = Barrier(10), []

    def draw() -> None:
        try:
            start.wait(timeout=20)
            dose(clinic, lot, "60", "60", "0")
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
