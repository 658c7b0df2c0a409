"""Recording a dose: who, when, how much, from where; once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.core.moments import utc_text
from kapclinic.practice import services as practice
from kapclinic.trail.models import AuditEvent
from programs import services as programs
from screening import services as screening
from screening.models import Clearance
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.drugs.models import DrugEntry
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.monitoring.models import Check
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import IM, IV, MONDAY, Cast, lot_of, weighed
from tests.racing import race
from tests.sessions.giving import attempt, body_of, stock, witness


def refused(answer: Any, status: int, code: str, pointer: str = "") -> None:
    """The answer refuses in this way, and nothing of a dose is there."""
    assert answer.status_code == status, answer.content
    problem = answer.json()
    if pointer:
        assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (pointer, code)
    else:
        assert problem["code"] == code
    assert not Administration.objects.exists()
    assert not Obligation.objects.exists()
    assert not Check.objects.exists()
    assert not DrugEntry.objects.exclude(kind="receive").exists()
    assert not Session.objects.filter(outcome="dosed").exists()


# --- who ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["np", "prescriber"])
def test_nurse_practitioner_and_prescriber_record_a_dose(cast: Cast, who: str) -> None:
    session = people.ready_dose(cast)
    answer = attempt(cast, session, who)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["staff"], told["is_first"], told["dose_mg"]) == (str(cast.people[who].pk), True, "100.000")
    session.refresh_from_db()
    assert (session.status, session.outcome, session.started_at) == ("in_progress", "dosed", clock.now())


@pytest.mark.parametrize("who", ["therapist", "frontdesk", "director", "billing", "admin"])
def test_nobody_else_records_a_dose(cast: Cast, who: str) -> None:
    refused(attempt(cast, people.ready_dose(cast), who), 403, "not_permitted")


def test_a_therapist_who_is_also_a_nurse_practitioner_may(cast: Cast) -> None:
    session = people.ready_dose(cast)
    roles = {"roles": ["therapist", "nurse_practitioner"]}
    practice.save_staff(user=cast.therapist, values=roles, by=cast.admin, at=clock.now())
    assert attempt(cast, session, "therapist").status_code == 201


def test_the_nurse_of_another_location_finds_no_such_session(cast: Cast) -> None:
    refused(attempt(cast, people.ready_dose(cast), "south_np"), 404, "not_found")


def test_a_dose_is_on_the_clients_access_log(cast: Cast) -> None:
    session = people.ready_dose(cast)
    attempt(cast, session)
    event = AuditEvent.objects.get(action="administration.create")
    assert (event.created_by, event.clients, event.outcome) == (cast.np.pk, [session.client_id], "ok")


# --- when -----------------------------------------------------------------------------------------------------------


def test_before_check_in_nobody_is_dosed(cast: Cast) -> None:
    program = people.cleared_program(cast)
    session = people.booked(cast, program, "dosing", clock.now() + timedelta(minutes=5))
    people.written_order(cast, session)
    refused(attempt(cast, session), 409, "illegal_transition")


@pytest.mark.parametrize("end", ["completed", "cancelled"])
def test_a_session_that_is_over_takes_no_dose(cast: Cast, end: str) -> None:
    session = people.ready_dose(cast)
    if end == "completed":
        cast.desk("np").must(f"sessions/{session.pk}/not-dosed/", {"reason": "Not today"})
    else:
        cast.desk("np").must(f"sessions/{session.pk}/cancel/", {"reason": "Not today"})
    refused(attempt(cast, session), 409, "illegal_transition")


@pytest.mark.parametrize(
    ("shift", "code"),
    [
        (timedelta(seconds=61), "in_the_future"),
        (timedelta(days=1), "in_the_future"),
        (timedelta(seconds=-1), "too_early"),
    ],
)
def test_a_dose_is_neither_in_the_future_nor_before_check_in(cast: Cast, shift: timedelta, code: str) -> None:
    session = people.ready_dose(cast)
    moment = (clock.now() + shift).isoformat()
    refused(attempt(cast, session, administered_at=moment), 400, code, "/administered_at")


def test_a_time_without_its_offset_is_refused(cast: Cast) -> None:
    answer = attempt(cast, people.ready_dose(cast), administered_at="2026-05-04T09:00:00")
    refused(answer, 400, "offset_required", "/administered_at")


def test_after_the_client_was_discharged_there_is_no_booster(cast: Cast) -> None:
    session = people.ready_dose(cast)
    attempt(cast, session)
    with clock.fixed(MONDAY + timedelta(minutes=125)):
        _discharged(cast, session)
        answer = attempt(cast, session, dose_mg="50")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert Administration.objects.count() == 1


def _discharged(cast: Cast, session: Session) -> None:
    body = {
        "checklist": {},
        "escort_present": True,
        "discharged_at": clock.now().isoformat(),
        "override_reason": "On my responsibility",
    }
    cast.desk("prescriber").must(f"sessions/{session.pk}/discharge/", body)


# --- the order ------------------------------------------------------------------------------------------------------


def test_an_expired_order_is_refused(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    people.written_order(cast, session, valid_until=MONDAY + timedelta(hours=1))
    with clock.fixed(MONDAY + timedelta(hours=1, seconds=1)):
        refused(attempt(cast, session), 400, "expired", "/order")


def test_the_order_of_another_session_is_refused(cast: Cast) -> None:
    session = people.ready_dose(cast)
    other = people.booked(
        cast,
        people.cleared_program(cast, who=people.client(cast.north, by=cast.frontdesk, first="Kim")),
        "dosing",
        clock.now() + timedelta(days=1),
    )
    order = people.written_order(cast, other)
    refused(attempt(cast, session, order=str(order.pk)), 400, "not_found", "/order")


def order(cast: Cast, session: Session, who: str = "prescriber", **more: Any) -> Any:
    body = {
        "drug": "ketamine",
        "route": "sublingual",
        "dose_mg": "100",
        "max_total_mg": "200",
        "valid_until": (session.ends_at + timedelta(days=1)).isoformat(),
    } | more
    return cast.desk(who).post(
        f"sessions/{session.pk}/orders/", {k: v for k, v in body.items() if v is not None}
    )


@pytest.mark.parametrize("who", ["np", "therapist", "frontdesk", "director", "billing", "admin"])
def test_only_a_prescriber_orders(cast: Cast, who: str) -> None:
    session = people.ready_dose(cast, without=("order",))
    assert order(cast, session, who).status_code == 403
    assert not session.orders.exists()


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"route": "intranasal"}, "/route", "wrong_route"),
        ({"max_total_mg": "99.999"}, "/max_total_mg", "too_small"),
        ({"valid_until": "2026-05-04T14:59:00Z"}, "/valid_until", "too_early"),
        ({"dose_mg": None}, "/dose_mg", "required"),
        ({"dose_mg": "0"}, "/dose_mg", "invalid"),
        ({"dose_mg": "-5"}, "/dose_mg", "min_value"),
        ({"dose_mg": "1.0001"}, "/dose_mg", "max_decimal_places"),
        ({"dose_mg": None, "dose_mg_per_kg": "1"}, "/dose_mg", "required"),
        ({"dose_mg": "401", "max_total_mg": "401"}, "/dose_mg", "dose_above_cap"),
    ],
)
def test_an_order_that_can_not_be_is_refused(
    cast: Cast, change: dict[str, Any], pointer: str, code: str
) -> None:
    session = people.ready_dose(cast, without=("order",))
    answer = order(cast, session, **change)
    assert answer.status_code == 400, answer.content
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert not session.orders.exists()


def test_an_order_by_weight_is_kept_in_mg(cast: Cast) -> None:
    session = weighed(cast, IM, kg="73.5")
    answer = order(
        cast, session, route="intramuscular", dose_mg=None, dose_mg_per_kg="0.7", max_total_mg="60"
    )
    assert answer.status_code == 201, answer.content
    assert (answer.json()["dose_mg"], answer.json()["dose_mg_per_kg"]) == ("51.450", "0.700")


# --- how much -------------------------------------------------------------------------------------------------------


def test_a_dose_above_the_protocols_cap_is_refused(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    people.written_order(cast, session, dose_mg=Decimal(400), max_total_mg=Decimal(900))
    answer = attempt(cast, session, dose_mg="400.001")
    refused(answer, 400, "dose_above_cap", "/dose_mg")
    assert answer.json()["code"] == "dose_above_cap"
    assert attempt(cast, session, dose_mg="400").status_code == 201


def test_the_cap_by_weight_is_the_clients_own(cast: Cast) -> None:
    session = weighed(cast, IM, kg="40", dose_mg="60", most="90")  # 1.5 mg/kg: 60 mg
    refused(attempt(cast, session, dose_mg="60.001"), 400, "dose_above_cap", "/dose_mg")
    assert attempt(cast, session, dose_mg="60").status_code == 201


def test_boosters_count_towards_the_cap(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    people.written_order(cast, session, dose_mg=Decimal(300), max_total_mg=Decimal(900))
    assert attempt(cast, session, dose_mg="300").status_code == 201
    with clock.fixed(MONDAY + timedelta(minutes=20)):
        answer = attempt(cast, session, dose_mg="100.001")
        assert (answer.status_code, answer.json()["code"]) == (400, "dose_above_cap")
        assert attempt(cast, session, dose_mg="100").status_code == 201


def test_more_than_the_order_allows_in_all_is_refused(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    people.written_order(cast, session, max_total_mg=Decimal(150))
    assert attempt(cast, session, dose_mg="100").status_code == 201
    with clock.fixed(MONDAY + timedelta(minutes=20)):
        answer = attempt(cast, session, dose_mg="50.001")
        assert answer.json()["errors"][0]["code"] == "above_order"
        assert attempt(cast, session, dose_mg="50").status_code == 201


def test_a_voided_dose_counts_no_more(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    people.written_order(cast, session, dose_mg=Decimal(200))
    dose = people.give(cast, session, dose_mg=Decimal(200))
    visits.void_administration(dose_id=dose.pk, reason="Never given", by=cast.prescriber, at=clock.now())
    assert attempt(cast, session, dose_mg="200").status_code == 201


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "invalid"),
        ("-1", "min_value"),
        ("1.0001", "max_decimal_places"),
        ("NaN", "invalid"),
        ("much", "invalid"),
    ],
)
def test_an_amount_that_is_none_is_refused(cast: Cast, amount: str, code: str) -> None:
    refused(attempt(cast, people.ready_dose(cast), dose_mg=amount), 400, code, "/dose_mg")


def test_a_dose_keeps_its_mg_per_kg_and_its_volume(cast: Cast) -> None:
    session, lot = weighed(cast, IM, kg="73.50"), lot_of(cast)
    answer = attempt(cast, session, **stock(lot, dose_mg="40"))
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["weight_kg"], told["dose_mg_per_kg"], told["volume_ml"]) == ("73.50", "0.544", "0.800")


def test_a_lozenge_has_neither_weight_nor_volume(cast: Cast) -> None:
    told = attempt(cast, people.ready_dose(cast)).json()
    assert (told["weight_kg"], told["dose_mg_per_kg"], told["volume_ml"]) == (None, None, None)


# --- boosters pass the gates that still matter ------------------------------------------------------------------------


def _held(cast: Cast, session: Session) -> None:
    programs.move_program(
        program_id=session.program_id, move="hold", reason="Unwell", by=cast.np, at=clock.now()
    )


def _not_cleared(cast: Cast, session: Session) -> None:
    pk = Clearance.objects.get().pk
    screening.void_clearance(clearance_id=pk, reason="New ECG", by=cast.prescriber, at=clock.now())


@pytest.mark.parametrize(("stop", "gate"), [(_held, "program_active"), (_not_cleared, "clearance")])
def test_no_booster_once_a_gate_has_closed(cast: Cast, stop: Any, gate: str) -> None:
    session = people.ready_dose(cast)
    assert attempt(cast, session).status_code == 201
    with clock.fixed(MONDAY + timedelta(minutes=20)):
        stop(cast, session)
        answer = attempt(cast, session, dose_mg="50")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert [row["code"] for row in answer.json()["gates"] if row["state"] == "open"] == [gate]
    assert Administration.objects.count() == 1


def test_a_booster_needs_no_second_reading_before_the_dose(cast: Cast) -> None:
    session = people.ready_dose(cast)
    assert attempt(cast, session).status_code == 201
    with clock.fixed(MONDAY + timedelta(minutes=75)):
        assert attempt(cast, session, dose_mg="50").status_code == 201


def test_a_booster_is_not_before_the_first_dose(cast: Cast) -> None:
    session = people.ready_dose(cast)
    with clock.fixed(MONDAY + timedelta(minutes=20)):
        assert attempt(cast, session).status_code == 201
        answer = attempt(cast, session, dose_mg="50", administered_at=MONDAY.isoformat())
        early = attempt(cast, session, administered_at=(MONDAY - timedelta(hours=1)).isoformat())
    assert (answer.status_code, answer.json()["code"]) == (409, "later_dose_stands")
    stands = Administration.objects.get()
    assert answer.json()["administration"] == str(stands.pk)
    assert answer.json()["administered_at"] == utc_text(stands.administered_at)
    assert "The dose of 09:20 stands" in answer.json()["detail"]
    assert early.status_code == 400
    assert [(e["pointer"], e["code"]) for e in early.json()["errors"]] == [("/administered_at", "too_early")]


# --- the next dose (R5) -------------------------------------------------------------------------------------------------


def test_the_next_dose_waits_for_the_integration_and_a_waiver_opens_it(cast: Cast) -> None:
    with clock.fixed(MONDAY - timedelta(days=7)):
        row = people.owed(cast)
    session = people.ready_dose(cast, row.program)
    answer = attempt(cast, session)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert [gate["code"] for gate in answer.json()["gates"] if gate["state"] == "open"] == [
        "integration_done"
    ]
    cast.desk("therapist").must(f"obligations/{row.pk}/waive/", {"reason": "Seen elsewhere"})
    assert attempt(cast, session).status_code == 201
    assert Obligation.objects.count() == 2


def test_a_booked_or_missed_integration_blocks_as_well(cast: Cast) -> None:
    with clock.fixed(MONDAY - timedelta(days=7)):
        row = people.owed(cast)
        integration.schedule_obligation(obligation_id=row.pk, at=clock.now())
    session = people.ready_dose(cast, row.program)
    assert attempt(cast, session).json()["code"] == "not_ready"
    row.refresh_from_db()
    missed = {"reason": "Did not come", "at": row.integration_session.starts_at.isoformat()}
    cast.desk("therapist").must(f"sessions/{row.integration_session_id}/no-show/", missed)
    integration.sweep_obligations(at=clock.now())
    assert Obligation.objects.get().state == "missed"
    assert attempt(cast, session).json()["code"] == "not_ready"


def test_a_dose_that_skips_preparation_still_begins_the_dosing_phase(cast: Cast) -> None:
    protocol = people.approved_protocol(cast, name="One dose", min_preparations=1, planned_doses=1)
    program = people.cleared_program(cast, protocol=protocol)
    session = people.ready_dose(cast, program)
    assert program.phase == "preparation"
    reason = {"gate": "preparation", "reason": "Prepared elsewhere"}
    cast.desk("prescriber").must(f"sessions/{session.pk}/override/", reason)
    assert attempt(cast, session).status_code == 201
    program.refresh_from_db()
    assert program.phase == "integration"
    phases = list(program.spans.order_by("started_at", "created_at").values_list("phase", flat=True))
    assert phases == ["screening", "preparation", "dosing", "integration"]
    assert program.spans.filter(ended_at__isnull=True).count() == 1


# --- from the safe --------------------------------------------------------------------------------------------------------


def test_a_dose_from_the_safe_is_drawn_from_its_lot(cast: Cast) -> None:
    session, lot = weighed(cast, IM), lot_of(cast)
    answer = attempt(cast, session, **stock(lot, dose_mg="40"))
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["drawn_mg"], told["given_mg"], told["wasted_mg"]) == ("40.000", "40.000", "0.000")
    entry = DrugEntry.objects.get(kind="administer")
    assert (entry.lot, entry.amount_mg, entry.balance_mg) == (lot, Decimal(40), Decimal(460))
    assert (str(entry.administration), entry.session_id, entry.client_id) == (
        told["id"],
        session.pk,
        session.client_id,
    )


def test_a_waste_names_a_witness_who_signs(cast: Cast) -> None:
    session, lot = weighed(cast, IM), lot_of(cast)
    amounts = {"dose_mg": "40", "drawn_mg": "50", "given_mg": "40", "wasted_mg": "10"}
    answer = attempt(cast, session, **stock(lot, **amounts))
    assert (answer.status_code, answer.json()["code"]) == (400, "witness_invalid")
    assert not Administration.objects.exists()
    answer = attempt(cast, session, **stock(lot, **amounts, witness=witness(cast)))
    assert answer.status_code == 201, answer.content
    waste = DrugEntry.objects.get(kind="waste")
    assert (waste.amount_mg, waste.witness, waste.balance_mg) == (Decimal(10), cast.prescriber, Decimal(450))


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"user": "np"}, "witness_invalid"),
        ({"user": "frontdesk"}, "witness_invalid"),
        ({"user": "south_prescriber"}, "witness_invalid"),
        ({"password": "wrong"}, "witness_invalid"),
    ],
)
def test_a_witness_who_may_not_sign_stops_the_dose(cast: Cast, bad: dict[str, str], code: str) -> None:
    session, lot = weighed(cast, IM), lot_of(cast)
    named = witness(cast, bad.get("user", "prescriber")) | {k: v for k, v in bad.items() if k == "password"}
    amounts = {"dose_mg": "40", "drawn_mg": "50", "given_mg": "40", "wasted_mg": "10", "witness": named}
    refused(attempt(cast, session, **stock(lot, **amounts)), 400, code, "/witness")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"drug_lot": None}, "/drug_lot", "required"),
        ({"drug_lot": "01890000-0000-7000-8000-000000000000"}, "/drug_lot", "not_found"),
        ({"drawn_mg": "50", "given_mg": "40", "wasted_mg": "9"}, "/wasted_mg", "unbalanced"),
        ({"drawn_mg": "50", "given_mg": "40"}, "/wasted_mg", "required"),
        ({"drawn_mg": "39"}, "/drawn_mg", "too_small"),
        ({"drawn_mg": "50", "given_mg": "45", "wasted_mg": "5"}, "/given_mg", "unbalanced"),
    ],
)
def test_amounts_that_do_not_add_up_stop_the_dose(
    cast: Cast, change: dict[str, Any], pointer: str, code: str
) -> None:
    session, lot = weighed(cast, IM), lot_of(cast)
    refused(attempt(cast, session, **stock(lot, dose_mg="40") | change), 400, code, pointer)


def test_an_empty_an_expired_and_a_foreign_lot_stop_the_dose(cast: Cast) -> None:
    session = weighed(cast, IM)
    empty = lot_of(cast, lot_number="B", quantity_mg=Decimal(39))
    refused(attempt(cast, session, **stock(empty, dose_mg="40")), 409, "insufficient_stock")
    old = lot_of(cast, lot_number="C", expires_on=date(2026, 5, 3))
    assert attempt(cast, session, **stock(old, dose_mg="40")).status_code == 400
    other = lot_of(cast, lot_number="D", drug="midazolam")
    assert attempt(cast, session, **stock(other, dose_mg="40")).status_code == 400
    assert not Administration.objects.exists()


def test_an_infusion_draws_at_its_start_and_is_settled_at_its_end(cast: Cast) -> None:
    session, lot = weighed(cast, IV), lot_of(cast)
    dose = attempt(cast, session, **stock(lot, dose_mg="40", drawn_mg="50")).json()
    assert (dose["given_mg"], dose["wasted_mg"], dose["finish"]) == (None, None, None)
    path = f"sessions/{session.pk}/administrations/{dose['id']}/finish/"
    ended = {"ended_at": (MONDAY + timedelta(minutes=40)).isoformat(), "given_mg": "38", "wasted_mg": "12"}
    with clock.fixed(MONDAY + timedelta(minutes=41)):
        desk = cast.desk("np")
        off = desk.post(path, ended | {"wasted_mg": "11", "witness": witness(cast)})
        assert off.json()["errors"][0]["code"] == "unbalanced"
        assert desk.post(path, ended).json()["code"] == "witness_invalid"
        assert cast.desk("therapist").post(path, ended).status_code == 403
        assert desk.post(path, ended | {"witness": witness(cast)}, key=None).status_code == 400
        done = desk.must(path, ended | {"witness": witness(cast)})
        assert done["finish"]["given_mg"] == "38.000"
        again = desk.post(path, ended | {"witness": witness(cast)})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    kinds = list(DrugEntry.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds == ["receive", "administer", "settle", "waste"]
    assert DrugEntry.objects.get(kind="waste").balance_mg == Decimal(450)


def test_a_voided_infusion_still_says_what_became_of_its_draw(cast: Cast) -> None:
    session, lot = weighed(cast, IV), lot_of(cast)
    dose = attempt(cast, session, **stock(lot, dose_mg="40", drawn_mg="50")).json()
    path = f"sessions/{session.pk}/administrations/{dose['id']}"
    cast.desk("prescriber").must(f"{path}/void/", {"reason": "Line failed"})
    stop = cast.desk("np").post(f"sessions/{session.pk}/not-dosed/", {"reason": "Line failed"})
    assert (stop.status_code, stop.json()["code"]) == (409, "open_draw")
    ended = {
        "ended_at": MONDAY.isoformat(),
        "given_mg": "0",
        "wasted_mg": "50",
        "witness": witness(cast),
    }
    cast.desk("np").must(f"{path}/finish/", ended)
    cast.desk("np").must(f"sessions/{session.pk}/not-dosed/", {"reason": "Line failed"})
    assert DrugEntry.objects.get(kind="settle").wasted_mg == Decimal(50)


# --- once -------------------------------------------------------------------------------------------------------------------


def test_the_same_key_twice_is_one_dose(cast: Cast) -> None:
    session = people.ready_dose(cast)
    body = body_of(session)
    path = f"sessions/{session.pk}/administrations/"
    first = cast.desk("np").post(path, body, key="once")
    second = cast.desk("np").post(path, body, key="once")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.json() == second.json()
    assert Administration.objects.count() == 1
    other = cast.desk("np").post(path, body | {"dose_mg": "50"}, key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Administration.objects.count() == 1


def test_a_dose_comes_with_a_key(cast: Cast) -> None:
    refused(attempt(cast, people.ready_dose(cast), key=None), 400, "idempotency_key_required")


def test_a_refusal_frees_the_key(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("escort",))
    body, path = body_of(session), f"sessions/{session.pk}/administrations/"
    assert cast.desk("np").post(path, body, key="k").status_code == 409
    escort = {"escort": {"name": "Alex Example", "phone": "303-555-0177"}}
    assert cast.desk("frontdesk").patch(f"sessions/{session.pk}/", escort).status_code == 200
    assert cast.desk("np").post(path, body, key="k").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_same_first_dose_four_times_at_once_is_one_dose_and_one_debt(now: Any) -> None:
    cast = people.assemble()
    session = people.ready_dose(cast)

    def dose() -> None:
        with clock.fixed(MONDAY):
            people.give(cast, session, dose_mg=Decimal(50))

    assert [type(exc).__name__ for exc in race(*[dose] * 4)] == ["SameDose"] * 3
    assert Administration.objects.get().is_first
    assert Obligation.objects.count() == 1
    assert Check.objects.count() == len(session.program.protocol.checks_min)


@pytest.mark.django_db(transaction=True)
def test_racing_doses_do_not_pass_the_orders_maximum(now: Any) -> None:
    cast = people.assemble()
    session = people.ready_dose(cast)  # 200 mg in all
    people.give(cast, session, dose_mg=Decimal(100))

    def dose(second: int) -> None:
        with clock.fixed(MONDAY + timedelta(seconds=second)):
            people.give(cast, session, dose_mg=Decimal(100))

    raised = race(*[partial(dose, second) for second in range(1, 5)])
    assert [type(exc).__name__ for exc in raised] == ["Invalid"] * 3
    assert Administration.objects.count() == 2
