"""Drug stock and hand-made entries over HTTP."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from kapclinic.core import clock
from kapclinic.practice.entry_models import LoginFailures
from kapclinic.trail.models import AuditEvent, Task
from sessions.booking.models import Session
from sessions.drugs.models import DrugDiscrepancy, DrugEntry, DrugLot, WitnessLock
from tests.asking import events
from tests.cast import MONDAY, PASSWORD, Cast, colleague
from tests.sessions.drugs.stock import D, dose, lines, lot_with

LOTS, ENTRIES = "drug-lots/", "drug-entries/"
READERS, WRITERS = ("np", "prescriber", "director"), ("np", "prescriber")
OUTSIDERS = ("frontdesk", "therapist", "billing", "admin")


def delivery(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "location": str(cast.north.pk),
        "drug": "ketamine",
        "form": "vial",
        "concentration_mg_per_ml": "50",
        "lot_number": "K-77",
        "expires_on": "2027-06-30",
        "quantity_mg": "500",
        "supplier": "Supply Co",
        "invoice": "INV-1",
    } | more


def enter(cast: Cast, lot: DrugLot, kind: str, amount: str, *, who: str = "np", **more: Any) -> Any:
    body = {"lot": str(lot.pk), "kind": kind, "amount_mg": amount, "reason": "as counted on the shelf"} | more
    return cast.desk(who).post(ENTRIES, body)


def witness(cast: Cast, who: str = "prescriber", password: str = PASSWORD) -> dict[str, Any]:
    return {"witness": {"user": str(cast.people[who].pk), "password": password}}


@pytest.mark.parametrize("who", WRITERS)
def test_a_delivery_is_taken_into_stock_and_opens_the_ledger_of_its_lot(cast: Cast, who: str) -> None:
    api = cast.desk(who)
    answer = api.post(LOTS, delivery(cast))
    assert answer.status_code == 201, answer.data
    assert answer.data["balance_mg"] == "500.000"
    assert answer.data["location"] == str(cast.north.pk)
    assert answer.data["concentration_mg_per_ml"] == "50.000"
    assert answer["ETag"] == '"1"'
    lot = answer.data["id"]
    assert api.get(f"{LOTS}{lot}/").data == answer.data
    (first,) = api.get(f"{LOTS}{lot}/entries/").data["results"]
    assert (first["kind"], first["sequence"], first["delta_mg"]) == ("receive", 1, "500.000")
    assert first["previous_hash"] == "0" * 64
    assert first["created_by"] == str(cast.people[who].pk)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"quantity_mg": "0"}, "/quantity_mg"),
        ({"quantity_mg": "1.2345"}, "/quantity_mg"),
        ({"quantity_mg": "-5"}, "/quantity_mg"),
        ({"quantity_mg": "NaN"}, "/quantity_mg"),
        ({"concentration_mg_per_ml": "0"}, "/concentration_mg_per_ml"),
        ({"expires_on": "soon"}, "/expires_on"),
        ({"lot_number": ""}, "/lot_number"),
        ({"quantity_mg": "1_5"}, "/quantity_mg"),  # neither 15 nor 1.5
        ({"quantity_mg": chr(0x967) + "5"}, "/quantity_mg"),
        ({"expires_on": chr(0x968) + "027-06-30"}, "/expires_on"),
        ({"ndc": "".join(chr(0x966 + int(digit)) for digit in "00143950901")}, "/ndc"),  # Devanagari
        ({"supplier_dea_number": "RS" + "".join(map(chr, range(0xFF11, 0xFF18)))}, "/supplier_dea_number"),
        ({"balance_mg": "9"}, "/balance_mg"),
        ({"location": str(uuid4())}, "/location"),
    ],
)
def test_a_delivery_that_cannot_be_is_refused_by_field(
    cast: Cast, change: dict[str, str], pointer: str
) -> None:
    answer = cast.desk("np").post(LOTS, delivery(cast, **change))
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.data["errors"]] == [pointer]
    assert not DrugLot.objects.exists()


def test_the_same_lot_is_not_received_twice_at_one_location(cast: Cast) -> None:
    lot_with(cast, lot_number="K-77")
    answer = cast.desk("np").post(LOTS, delivery(cast, drug="Ketamine", lot_number="k-77"))
    assert answer.status_code == 400
    assert answer.data["errors"][0]["code"] == "taken"
    assert DrugLot.objects.count() == 1


def test_nobody_receives_stock_for_a_location_that_is_not_theirs(cast: Cast) -> None:
    answer = cast.desk("np").post(LOTS, delivery(cast, location=str(cast.south.pk)))
    assert answer.status_code == 400
    assert not DrugLot.objects.exists()


@pytest.mark.parametrize("who", OUTSIDERS)
def test_the_drug_cabinet_is_closed_to_other_roles(cast: Cast, who: str) -> None:
    lot = lot_with(cast)
    api = cast.desk(who)
    for path in (LOTS, f"{LOTS}{lot.pk}/", f"{LOTS}{lot.pk}/entries/", ENTRIES):
        assert api.get(path).status_code == 403, path
    assert api.post(LOTS, delivery(cast)).status_code == 403
    assert enter(cast, lot, "loss", "5", who=who).status_code == 403
    assert len(lines(lot)) == 1


def test_the_director_reads_the_ledger_and_writes_nothing(cast: Cast) -> None:
    lot = lot_with(cast)
    api = cast.desk("director")
    for path in (LOTS, f"{LOTS}{lot.pk}/", f"{LOTS}{lot.pk}/entries/", ENTRIES):
        assert api.get(path).status_code == 200, path
    assert api.post(LOTS, delivery(cast)).status_code == 403
    assert enter(cast, lot, "loss", "5", who="director").status_code == 403
    assert len(lines(lot)) == 1


def test_stock_of_another_location_does_not_exist_for_its_neighbours(cast: Cast) -> None:
    lot = lot_with(cast)
    api = cast.desk("south_np")
    assert api.get(LOTS).data["count"] == 0
    assert api.get(ENTRIES).data["count"] == 0
    assert api.get(f"{LOTS}{lot.pk}/").status_code == 404
    assert api.get(f"{LOTS}{lot.pk}/entries/").status_code == 404
    answer = enter(cast, lot, "loss", "5", who="south_np")
    assert answer.status_code == 400
    assert answer.data["errors"][0]["pointer"] == "/lot"
    assert len(lines(lot)) == 1


def test_lists_cost_the_same_however_many_lots_and_entries(
    cast: Cast, book: dict[str, Session], django_assert_num_queries: Any
) -> None:
    lots = [lot_with(cast, lot_number=f"L{n}") for n in range(6)]
    for lot in lots:
        dose(cast, book["dosing"], lot, "10", "10", "0")
    api = cast.desk("np")
    with django_assert_num_queries(2):
        answer = api.get(LOTS)
    assert [row["balance_mg"] for row in answer.data["results"]] == ["990.000"] * 6
    with django_assert_num_queries(3):  # who asks, the page, and the event of the access log
        answer = api.get(ENTRIES)
    assert answer.data["count"] == 12


def test_entries_are_found_by_lot_and_kind(cast: Cast, book: dict[str, Session]) -> None:
    first, second = lot_with(cast, lot_number="L1"), lot_with(cast, lot_number="L2")
    dose(cast, book["dosing"], first, "10", "10", "0")
    api = cast.desk("np")
    found = api.get(ENTRIES, lot=str(first.pk), kind="administer").data["results"]
    assert [(row["lot"], row["kind"]) for row in found] == [(str(first.pk), "administer")]
    assert api.get(ENTRIES, lot=str(second.pk)).data["count"] == 1
    assert api.get(ENTRIES, kind="sell").status_code == 400
    assert api.get(f"{LOTS}{first.pk}/entries/", kind="receive").status_code == 400


def test_reading_a_dose_in_the_ledger_is_reading_the_clients_record(
    cast: Cast, book: dict[str, Session]
) -> None:
    lot = lot_with(cast)
    dose(cast, book["dosing"], lot, "10", "10", "0")
    cast.desk("np").get(ENTRIES)
    cast.desk("director").get(f"{LOTS}{lot.pk}/entries/")
    assert events("drug_entry.list") == [(cast.np.pk, "ok", [book["dosing"].client_id])]
    assert events("drug_lot.entries") == [(cast.director.pk, "ok", [book["dosing"].client_id])]


@pytest.mark.parametrize(
    ("amount", "found"), [("-12.5", 1), ("12.5", 0), ("100", 0), ("100.001", 1), ("1000", 1)]
)
def test_a_correction_that_takes_drug_away_or_adds_much_is_answered_for(
    cast: Cast, amount: str, found: int
) -> None:
    answer = enter(cast, lot_with(cast), "correct", amount)
    assert answer.status_code == 201, answer.data
    assert DrugDiscrepancy.objects.filter(entry=answer.data["id"], state="open").count() == found


def test_how_much_a_correction_may_add_is_the_locations_to_say(cast: Cast) -> None:
    cast.north.correction_limit_mg = D(10)
    cast.north.save_by(cast.admin, at=clock.now())
    entry = enter(cast, lot_with(cast), "correct", "10.001").data["id"]
    row = DrugDiscrepancy.objects.get(entry=entry)
    assert (row.cause, row.state, row.difference_mg) == ("variance", "open", D("10.001"))
    kinds = Task.objects.open().filter(subject_type__in=["drug_discrepancy", "drug_entry"])
    assert list(kinds.values_list("kind", flat=True)) == ["drug_variance"]  # asked once, not twice


@pytest.mark.parametrize(
    ("kind", "amount", "balance"),
    [
        ("transfer", "100", "900.000"),
        ("return", "0.001", "999.999"),
        ("loss", "1000", "0.000"),
        ("count", "1000", "1000.000"),
        ("correct", "-12.5", "987.500"),
        ("correct", "12.5", "1012.500"),
    ],
)
def test_an_entry_moves_the_balance_as_its_kind_says(
    cast: Cast, kind: str, amount: str, balance: str
) -> None:
    lot = lot_with(cast)
    where = {"to_location": str(cast.south.pk)} if kind == "transfer" else {}
    answer = enter(cast, lot, kind, amount, **where)
    assert answer.status_code == 201, answer.data
    assert answer.data["balance_mg"] == balance
    assert answer.data["sequence"] == 2
    assert D(answer.data["amount_mg"]) == D(amount)
    assert len(answer.data["hash"]) == 64
    assert cast.desk("np").get(f"{LOTS}{lot.pk}/").data["balance_mg"] == balance


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        ("transfer", "0"),
        ("loss", "-5"),
        ("return", "-1"),
        ("count", "-1"),
        ("correct", "0"),
        ("loss", "1.0001"),
    ],
)
def test_an_amount_that_its_kind_cannot_have_is_refused(cast: Cast, kind: str, amount: str) -> None:
    lot = lot_with(cast)
    answer = enter(cast, lot, kind, amount)
    assert answer.status_code == 400
    assert answer.data["errors"][0]["pointer"] == "/amount_mg"
    assert len(lines(lot)) == 1


def test_a_balance_past_what_the_ledger_can_hold_is_refused(cast: Cast) -> None:
    lot = lot_with(cast, "999999")
    assert enter(cast, lot, "correct", "999999").status_code == 400
    assert len(lines(lot)) == 1


@pytest.mark.parametrize("kind", ["receive", "administer", "settle", "destroy"])
def test_no_other_kind_is_entered_by_hand(cast: Cast, kind: str) -> None:
    lot = lot_with(cast)
    assert enter(cast, lot, kind, "5").status_code == 400
    assert len(lines(lot)) == 1


@pytest.mark.parametrize(
    ("kind", "amount"), [("loss", "1000.001"), ("transfer", "2000"), ("correct", "-1000.001")]
)
def test_a_lot_never_gives_more_than_it_holds(cast: Cast, kind: str, amount: str) -> None:
    lot = lot_with(cast)
    where = {"to_location": str(cast.south.pk)} if kind == "transfer" else {}
    answer = enter(cast, lot, kind, amount, **where)
    assert (answer.status_code, answer.data["code"]) == (409, "insufficient_stock")
    assert answer.data["balance_mg"] == "1000.000"
    assert DrugLot.objects.count() == 1
    assert len(lines(lot)) == 1


def test_an_entry_needs_a_reason_and_an_idempotency_key(cast: Cast) -> None:
    lot = lot_with(cast)
    assert enter(cast, lot, "loss", "5", reason="").status_code == 400
    body = {"lot": str(lot.pk), "kind": "loss", "amount_mg": "5", "reason": "broken vial"}
    answer = cast.desk("np").post(ENTRIES, body, key=None)
    assert (answer.status_code, answer.data["code"]) == (400, "idempotency_key_required")
    assert len(lines(lot)) == 1


def test_a_repeated_entry_acts_once(cast: Cast) -> None:
    lot = lot_with(cast)
    body = {"lot": str(lot.pk), "kind": "waste", "amount_mg": "5", "reason": "expired rest"} | witness(cast)
    api = cast.desk("np")
    first, second = (api.post(ENTRIES, body, key="once") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second["Idempotency-Replayed"] == "true"
    assert second.data["id"] == first.data["id"]
    assert len(lines(lot)) == 2


# --- counts -------------------------------------------------------------------------------------------------------


def test_a_count_that_agrees_changes_nothing_and_asks_nobody(cast: Cast) -> None:
    lot = lot_with(cast)
    assert enter(cast, lot, "count", "1000").status_code == 201
    assert lines(lot)[-1] == ("count", D("1000"), D("0"), D("1000"))
    assert not Task.objects.exists()


@pytest.mark.parametrize(("counted", "delta"), [("940", "-60"), ("1005.5", "5.5"), ("0", "-1000")])
def test_a_variance_sets_the_balance_and_waits_for_the_director(cast: Cast, counted: str, delta: str) -> None:
    lot = lot_with(cast)
    with clock.fixed(MONDAY):
        answer = enter(cast, lot, "count", counted)
    assert D(answer.data["balance_mg"]) == D(counted)
    assert D(answer.data["delta_mg"]) == D(delta)
    task = Task.objects.get()
    assert (task.kind, task.roles, task.location) == ("drug_variance", ["medical_director"], cast.north.pk)
    found = DrugDiscrepancy.objects.get()
    assert (task.subject_type, task.subject_id) == ("drug_discrepancy", found.pk)
    assert str(found.entry_id) == answer.data["id"]
    assert (found.expected_mg, found.counted_mg) == (D("1000"), D(counted))
    assert task.due_at == found.notice_due_at == MONDAY + timedelta(hours=24)  # Monday to Tuesday
    assert cast.desk("director").get("tasks/").data["count"] == 1
    assert cast.desk("np").get("tasks/").data["count"] == 0


def test_a_loss_waits_for_the_director(cast: Cast) -> None:
    lot = lot_with(cast)
    enter(cast, lot, "loss", "50")
    assert list(Task.objects.values_list("kind", flat=True)) == ["drug_loss"]


# --- witness ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["np2", "therapist", "prescriber", "director"])
def test_waste_names_a_second_clinician_who_signs_with_their_password(cast: Cast, who: str) -> None:
    colleague(cast, "np2", "nurse_practitioner")
    lot = lot_with(cast)
    with clock.fixed(MONDAY):
        answer = enter(cast, lot, "waste", "12.345", **witness(cast, who))
    assert answer.status_code == 201, answer.data
    assert answer.data["witness"] == str(cast.people[who].pk)
    assert answer.data["balance_mg"] == "987.655"
    entry = DrugEntry.objects.get(kind="waste")
    assert (entry.witness_id, entry.witness_verified_at) == (cast.people[who].pk, MONDAY)
    assert "password" not in str(answer.data)


def test_waste_without_a_witness_is_refused(cast: Cast) -> None:
    lot = lot_with(cast)
    answer = enter(cast, lot, "waste", "5")
    assert (answer.status_code, answer.data["code"]) == (400, "witness_invalid")
    assert answer.data["errors"][0]["pointer"] == "/witness"
    assert len(lines(lot)) == 1


@pytest.mark.parametrize(
    ("who", "password"),
    [
        ("np", PASSWORD),  # the same person
        ("prescriber", "not the password"),
        ("south_np", PASSWORD),  # of another location
        ("frontdesk", PASSWORD),  # not a clinician
    ],
)
def test_a_witness_who_cannot_be_one_is_refused(cast: Cast, who: str, password: str) -> None:
    lot = lot_with(cast)
    answer = enter(cast, lot, "waste", "5", **witness(cast, who, password))
    assert (answer.status_code, answer.data["code"]) == (400, "witness_invalid")
    assert len(lines(lot)) == 1


def test_somebody_unknown_or_gone_is_no_witness(cast: Cast) -> None:
    lot = lot_with(cast)
    gone = cast.prescriber
    gone.is_active = False
    gone.save_by(cast.admin, at=MONDAY)
    assert enter(cast, lot, "waste", "5", **witness(cast)).data["code"] == "witness_invalid"
    nobody = {"user": str(uuid4()), "password": PASSWORD}
    assert enter(cast, lot, "waste", "5", witness=nobody).data["code"] == "witness_invalid"
    assert len(lines(lot)) == 1


def test_waste_from_a_lot_that_is_not_there_says_so_whoever_signs(cast: Cast) -> None:
    for who, lot in (("np", DrugLot(pk=uuid4())), ("south_np", lot_with(cast))):
        answer = enter(cast, lot, "waste", "10", who=who, **witness(cast))
        assert answer.status_code == 400
        row = answer.json()["errors"][0]
        assert (row["pointer"], row["code"]) == ("/lot", "not_found")
    assert not DrugEntry.objects.filter(kind="waste").exists()


def test_a_witness_who_is_named_for_a_count_must_be_real_too(cast: Cast) -> None:
    lot = lot_with(cast)
    assert enter(cast, lot, "count", "1000", **witness(cast, "prescriber", "wrong")).status_code == 400
    assert enter(cast, lot, "count", "1000", **witness(cast)).data["witness"] == str(cast.prescriber.pk)
    assert len(lines(lot)) == 2


@pytest.mark.django_db(transaction=True)
def test_wrong_passwords_of_a_witness_are_counted_although_the_requests_are_refused(
    cast: Cast, settings: Any
) -> None:
    settings.WITNESS_ATTEMPTS = 3
    lot = lot_with(cast)
    for attempt in (1, 2):
        enter(cast, lot, "waste", "5", **witness(cast, "prescriber", "wrong"))
        assert len(WitnessLock.objects.get().failed_at) == attempt
    enter(cast, lot, "waste", "5", **witness(cast, "prescriber", "wrong"))
    assert WitnessLock.objects.get().locked_until is not None
    assert not LoginFailures.objects.exists()  # a colleague closes nobody's login
    locked = enter(cast, lot, "waste", "5", **witness(cast))
    assert (locked.status_code, locked.data["code"]) == (400, "witness_invalid")
    refused = AuditEvent.objects.filter(
        action="witness.verify", outcome="refused", object_id=cast.prescriber.pk
    )
    assert refused.count() == 4
    assert len(lines(lot)) == 1


def test_no_amount_is_rounded(cast: Cast) -> None:
    lot = lot_with(cast, "0.003")
    for left in ("0.002", "0.001", "0.000"):
        assert enter(cast, lot, "loss", "0.001").data["balance_mg"] == left
    assert lines(lot)[-1][3] == Decimal("0.000")
