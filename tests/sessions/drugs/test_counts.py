"""Blind counts by two people, inventories, and what happens to what is not there."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from kapclinic.trail.models import Outbox, Task
from sessions.drugs import services
from sessions.drugs.models import DrugCount, DrugCountLine, DrugDiscrepancy, DrugEntry, DrugLot
from tests.cast import MONDAY, PASSWORD, Cast, lot_of
from tests.sessions.giving import witness

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def vial(cast: Cast) -> DrugLot:
    """500 mg that came an hour ago, in vials of 200."""
    with clock.fixed(MONDAY - HOUR):
        return lot_of(cast, container_mg=Decimal(200))


def body(cast: Cast, kind: str, *lines: tuple[Any, str], **more: Any) -> dict[str, Any]:
    return {
        "location": str(cast.north.pk),
        "kind": kind,
        "lines": [{"lot": str(getattr(lot, "pk", lot)), "counted_mg": mg} for lot, mg in lines],
        "witness": witness(cast),
    } | more


def counted(cast: Cast, kind: str, *lines: tuple[Any, str], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = cast.desk("np").must("drug-counts/", body(cast, kind, *lines, **more))
    return found


def missing(cast: Cast, vial: DrugLot, mg: str = "440") -> DrugDiscrepancy:
    counted(cast, "closing", (vial, mg))
    return DrugDiscrepancy.objects.get()


def tasks(kind: str) -> list[Task]:
    return list(Task.objects.open().filter(kind=kind))


# --- counting -----------------------------------------------------------------------------------------------------


def test_the_counter_is_told_the_lots_and_no_amount(cast: Cast, vial: DrugLot) -> None:
    lot_of(cast, lot_number="EMPTY")
    empty = DrugLot.objects.get(lot_number="EMPTY")
    cast.desk("np").must(
        "drug-entries/", {"lot": str(empty.pk), "kind": "return", "amount_mg": "500", "reason": "recall"}
    )
    rows = cast.desk("np").get("drug-counts/sheet/", location=str(cast.north.pk)).json()["results"]
    assert [row["lot"] for row in rows] == [str(vial.pk)]
    assert set(rows[0]) == {
        *(
            "lot",
            "location",
            "drug",
            "form",
            "concentration_mg_per_ml",
            "container_mg",
            "lot_number",
            "expires_on",
        )
    }
    assert cast.desk("south_np").get("drug-counts/sheet/", location=str(cast.north.pk)).json()["count"] == 0


def test_a_count_that_agrees_says_so_and_changes_nothing(cast: Cast, vial: DrugLot) -> None:
    answer = counted(cast, "opening", (vial, "500"))
    (line,) = answer["lines"]
    assert (line["expected_mg"], line["counted_mg"], line["difference_mg"]) == ("500.000", "500.000", "0.000")
    assert line["containers"] == {"whole": 2, "open_mg": "100.000"}
    assert (line["entry"], line["discrepancy"]) == (None, None)
    assert (answer["complete"], answer["business"], answer["taken_by"]) == (True, "open", str(cast.np.pk))
    assert answer["witness"] == str(cast.prescriber.pk)
    assert DrugEntry.objects.count() == 1
    assert not DrugDiscrepancy.objects.exists()


def test_what_is_not_there_sets_the_books_right_and_starts_the_clocks(cast: Cast, vial: DrugLot) -> None:
    answer = counted(cast, "closing", (vial, "440"))
    entry, found = DrugEntry.objects.get(kind="count"), DrugDiscrepancy.objects.get()
    assert (entry.delta_mg, entry.balance_mg, entry.witness_id) == (-60, 440, cast.prescriber.pk)
    line = answer["lines"][0]
    assert (line["entry"], line["discrepancy"]) == (str(entry.pk), str(found.pk))
    shown = cast.desk("director").get(f"drug-discrepancies/{found.pk}/").json()
    assert (shown["expected_mg"], shown["counted_mg"], shown["difference_mg"]) == (
        "500.000",
        "440.000",
        "-60.000",
    )
    assert (shown["cause"], shown["state"], shown["allowed_moves"]) == (
        "variance",
        "open",
        ["explain", "notify", "file"],
    )
    assert found.notice_due_at == MONDAY + DAY
    assert found.form_106_due_on == date(2026, 6, 18)
    (task,) = tasks("drug_variance")
    assert (task.subject_id, task.roles, task.due_at) == (found.pk, ["medical_director"], MONDAY + DAY)


def test_too_much_is_a_discrepancy_too(cast: Cast, vial: DrugLot) -> None:
    assert missing(cast, vial, "500.001").difference_mg == Decimal("0.001")


def test_a_count_that_leaves_a_lot_out_is_not_whole(cast: Cast, vial: DrugLot) -> None:
    with clock.fixed(MONDAY - HOUR):
        lot_of(cast, lot_number="B")
    assert counted(cast, "closing", (vial, "500"))["complete"] is False


WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    ("closing", {"witness": None}, 400, "/witness"),
    ("closing", {"witness": {"user": "np", "password": PASSWORD}}, 400, "/witness"),
    ("closing", {"witness": {"user": "prescriber", "password": "wrong"}}, 400, "/witness"),
    ("closing", {"lines": []}, 400, "/lines"),
    ("closing", {"lines": "twice"}, 400, "/lines/1/lot"),
    ("closing", {"lines": "unknown"}, 400, "/lines/0/lot"),
    ("closing", {"lines": "negative"}, 400, "/lines/0/counted_mg"),
    ("closing", {"location": str(uuid4())}, 400, "/location"),
    ("closing", {"location": "south"}, 400, "/location"),
    ("closing", {"counted_at": "2026-05-04T15:02:00Z"}, 400, "/counted_at"),
    ("closing", {"counted_at": "2026-05-03T14:59:00Z"}, 400, "/counted_at"),
    ("closing", {"counted_at": "2026-05-04T13:59:00Z"}, 409, "count_stale"),
    ("inventory", {}, 400, "/business"),
    ("inventory", {"business": "close"}, 400, "/lines"),
    ("weekly", {}, 400, "/kind"),
]


@pytest.mark.parametrize(("kind", "change", "status", "what"), WRONG)
def test_a_count_that_can_not_be_is_refused_and_tells_no_balance(
    cast: Cast, vial: DrugLot, kind: str, change: dict[str, Any], status: int, what: str
) -> None:
    if kind == "inventory":
        lot_of(cast, lot_number="B", quantity_mg=Decimal(333))
    lines = {
        "twice": [{"lot": str(vial.pk), "counted_mg": "7"}] * 2,
        "unknown": [{"lot": str(uuid4()), "counted_mg": "7"}],
        "negative": [{"lot": str(vial.pk), "counted_mg": "-7"}],
    }
    change = dict(change)
    if isinstance(change.get("lines"), str):
        change["lines"] = lines[change["lines"]]
    if change.get("location") == "south":
        change["location"] = str(cast.south.pk)
    if change.get("witness"):
        change["witness"] = change["witness"] | {"user": str(cast.people[change["witness"]["user"]].pk)}
    answer = cast.desk("np").post("drug-counts/", body(cast, kind, (vial, "7"), **change))
    assert answer.status_code == status, answer.content
    told = answer.json()
    assert what == told["code"] or what in {error["pointer"] for error in told["errors"]}
    assert not re.search(r"(?<![\da-f-])500(?![\da-f-])", answer.content.decode())  # ids aside
    assert not DrugCount.objects.exists()
    assert not DrugEntry.objects.filter(kind="count").exists()


@pytest.mark.parametrize("who", ["frontdesk", "therapist", "billing", "admin", "director"])
def test_only_who_keeps_drug_counts_it(cast: Cast, vial: DrugLot, who: str) -> None:
    assert cast.desk(who).post("drug-counts/", body(cast, "closing", (vial, "7"))).status_code == 403
    allowed = who == "director"
    for path in ("drug-counts/", "drug-discrepancies/"):
        assert cast.desk(who).get(path).status_code == (200 if allowed else 403)
    assert not DrugCount.objects.exists()


def test_counts_of_another_location_do_not_exist_for_its_neighbours(cast: Cast, vial: DrugLot) -> None:
    count, found = counted(cast, "closing", (vial, "440")), DrugDiscrepancy.objects.get()
    desk = cast.desk("south_np")
    for path in (f"drug-counts/{count['id']}/", f"drug-discrepancies/{found.pk}/"):
        assert desk.get(path).status_code == 404
    assert desk.get("drug-counts/").json()["count"] == desk.get("drug-discrepancies/").json()["count"] == 0


def test_a_list_of_counts_costs_the_same_however_long(
    cast: Cast, vial: DrugLot, django_assert_max_num_queries: Any
) -> None:
    for minute, mg in enumerate(("440", "441", "440")):
        with clock.fixed(MONDAY + timedelta(minutes=minute)):
            counted(cast, "closing", (vial, mg))
    desk = cast.desk("director")
    with django_assert_max_num_queries(3):  # who asks, the page, its lines
        answer = desk.get("drug-counts/", kind="closing", ordering="counted_at")
    rows = answer.json()["results"]
    assert [row["lines"][0]["difference_mg"] for row in rows] == ["-60.000", "1.000", "-1.000"]


# --- inventory ----------------------------------------------------------------------------------------------------


def test_an_inventory_counts_every_lot_and_says_whether_at_open_or_close(cast: Cast, vial: DrugLot) -> None:
    with clock.fixed(MONDAY - HOUR):
        other = lot_of(cast, lot_number="B")
    answer = counted(cast, "inventory", (vial, "500"), (other, "500"), business="close")
    assert (answer["kind"], answer["business"], answer["complete"]) == ("inventory", "close", True)
    rows = cast.desk("director").get("drug-counts/", kind="inventory").json()["results"]
    assert [row["id"] for row in rows] == [answer["id"]]
    assert {line["form"] for line in rows[0]["lines"]} == {"vial"}


def test_the_director_is_told_of_the_first_inventory_and_30_days_before_each_next(
    cast: Cast, vial: DrugLot
) -> None:
    assert services.sweep_counts(at=MONDAY) == 1
    assert services.sweep_counts(at=MONDAY) == 0
    (task,) = tasks("drug_inventory_due")
    assert (task.roles, task.location) == (["medical_director"], cast.north.pk)
    assert task.due_at == MONDAY + 15 * HOUR  # midnight in Denver, after the first day
    counted(cast, "inventory", (vial, "500"), business="close")
    assert tasks("drug_inventory_due") == []
    due = MONDAY.replace(year=2028)
    assert services.sweep_counts(at=due - timedelta(days=31)) == 0
    assert services.sweep_counts(at=due - timedelta(days=30)) == 1
    (again,) = tasks("drug_inventory_due")
    assert again.due_at == due + 15 * HOUR
    cast.desk("director").must(f"tasks/{again.pk}/done/", {"outcome": "planned"})
    assert services.sweep_counts(at=due - DAY) == 0
    assert services.sweep_counts(at=due + DAY) == 1  # ticking it off counts nothing


# --- the day that closed without a count ---------------------------------------------------------------------------


def asked_to_count(cast: Cast) -> None:
    cast.north.counts_required = True
    cast.north.save_by(cast.admin, at=MONDAY)


def test_a_day_on_which_drug_moved_and_nobody_counted_is_asked_about(cast: Cast, vial: DrugLot) -> None:
    closing = MONDAY + 11 * HOUR  # 20:00
    services.sweep_counts(at=closing)
    assert tasks("drug_count_missing") == []  # nobody asked for counts here
    asked_to_count(cast)
    services.sweep_counts(at=closing - HOUR)
    assert tasks("drug_count_missing") == []
    services.sweep_counts(at=closing)
    services.sweep_counts(at=closing + HOUR)
    (task,) = tasks("drug_count_missing")
    assert task.roles == ["nurse_practitioner", "prescriber"]
    with clock.fixed(closing + HOUR):
        counted(cast, "closing", (vial, "500"))
    assert tasks("drug_count_missing") == []
    services.sweep_counts(at=closing + 2 * HOUR)
    assert tasks("drug_count_missing") == []


@pytest.mark.parametrize(("kind", "asked"), [("closing", 0), ("opening", 1)])
def test_only_a_count_at_the_close_answers_for_the_day(
    cast: Cast, vial: DrugLot, kind: str, asked: int
) -> None:
    asked_to_count(cast)
    counted(cast, kind, (vial, "440"))  # the variance that it finds is no movement
    services.sweep_counts(at=MONDAY + 12 * HOUR)
    assert len(tasks("drug_count_missing")) == asked


def test_a_day_without_movement_needs_no_count(cast: Cast, vial: DrugLot) -> None:
    asked_to_count(cast)
    services.sweep_counts(at=MONDAY + 40 * HOUR)
    assert tasks("drug_count_missing") == []


# --- discrepancies ------------------------------------------------------------------------------------------------


def moved(cast: Cast, row: DrugDiscrepancy, move: str, who: str = "director", **body: Any) -> Any:
    return cast.desk(who).post(f"drug-discrepancies/{row.pk}/{move}/", body)


TOLD = {"reference": "Letter to Denver, 2026-17", "notified_at": "2026-05-04T15:00:00Z"}
FILED = {"form_106_number": "106-2026-0001", "filed_at": "2026-05-04T15:00:00Z"}


def test_an_error_of_the_books_is_explained_and_its_clocks_stop(cast: Cast, vial: DrugLot) -> None:
    row = missing(cast, vial)
    assert (
        moved(cast, row, "explain", reason="The dose of 09:10 was entered twice").json()["state"]
        == "explained"
    )
    assert tasks("drug_variance") == []
    assert services.sweep_discrepancies(at=MONDAY + 60 * DAY) == 0
    assert moved(cast, row, "close", reason="Corrected").json()["state"] == "closed"
    assert moved(cast, row, "notify", **TOLD).status_code == 409


def test_a_loss_by_hand_is_reported_filed_and_closed(cast: Cast, vial: DrugLot) -> None:
    loss = {"lot": str(vial.pk), "kind": "loss", "amount_mg": "200", "reason": "A vial is gone"}
    cast.desk("np").must("drug-entries/", loss)
    row = DrugDiscrepancy.objects.get()
    assert (row.cause, row.expected_mg, row.counted_mg) == ("loss", 500, 300)
    assert len(tasks("drug_loss")) == 1
    assert moved(cast, row, "close", reason="Not yet").status_code == 409
    assert moved(cast, row, "notify", **TOLD).json()["state"] == "reported"
    assert tasks("drug_loss") == []
    (form,) = tasks("drug_form_106")
    assert form.due_at.date() == date(2026, 6, 19)  # midnight in Denver after 18 June
    assert moved(cast, row, "notify", **TOLD).status_code == 409
    answer = moved(cast, row, "file", **FILED).json()
    assert (answer["form_106_number"], answer["state"]) == ("106-2026-0001", "reported")
    assert tasks("drug_form_106") == []
    assert moved(cast, row, "close", reason="The DEA has all of it").json()["state"] == "closed"
    row.refresh_from_db()
    assert row.history.count() == 4


@pytest.mark.parametrize(
    ("move", "body", "pointer"),
    [
        ("explain", {"reason": ""}, "/reason"),
        ("notify", {"reference": "Letter"}, "/notified_at"),
        ("notify", TOLD | {"notified_at": "2026-05-04T15:05:00Z"}, "/notified_at"),
        ("file", FILED | {"filed_at": "2026-05-04T14:00:00Z"}, "/filed_at"),
        ("file", FILED | {"form_106_number": ""}, "/form_106_number"),
    ],
)
def test_a_report_that_can_not_be_is_refused_by_field(
    cast: Cast, vial: DrugLot, move: str, body: dict[str, Any], pointer: str
) -> None:
    row = missing(cast, vial)
    answer = moved(cast, row, move, **body)
    assert (answer.status_code, [e["pointer"] for e in answer.json()["errors"]]) == (400, [pointer])
    row.refresh_from_db()
    assert (row.state, row.version) == ("open", 1)


@pytest.mark.parametrize("who", ["np", "prescriber"])
def test_who_counted_does_not_explain(cast: Cast, vial: DrugLot, who: str) -> None:
    row = missing(cast, vial)
    assert moved(cast, row, "explain", who, reason="It will turn up").status_code == 403
    row.refresh_from_db()
    assert row.state == "open"


def test_a_clock_that_runs_out_is_carried_up_once_and_survives_being_ticked_off(
    cast: Cast, vial: DrugLot
) -> None:
    row = missing(cast, vial)
    (task,) = tasks("drug_variance")
    assert services.sweep_discrepancies(at=MONDAY + DAY - HOUR) == 0
    cast.desk("director").must(f"tasks/{task.pk}/done/", {"outcome": "seen"})
    assert services.sweep_discrepancies(at=MONDAY + DAY) == 1
    assert services.sweep_discrepancies(at=MONDAY + DAY + HOUR) == 0
    (again,) = tasks("drug_variance")
    assert (again.roles, again.escalation) == (["medical_director", "prescriber"], 1)
    told = set(Outbox.objects.filter(subject_id=row.pk).values_list("recipient", flat=True))
    assert told == {cast.director.pk, cast.prescriber.pk}
    assert services.sweep_discrepancies(at=MONDAY + 45 * DAY) == 0
    assert services.sweep_discrepancies(at=MONDAY + 46 * DAY) == 1
    assert len(tasks("drug_form_106")) == 1


def test_filing_the_form_first_does_not_stop_the_clock_of_the_notice(cast: Cast, vial: DrugLot) -> None:
    row = missing(cast, vial)
    assert moved(cast, row, "file", **FILED).json()["state"] == "reported"
    assert len(tasks("drug_variance")) == 1
    assert services.sweep_discrepancies(at=MONDAY + DAY) == 1


# --- what the database refuses -------------------------------------------------------------------------------------


def refused(statement: str, why: str) -> None:
    with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_was_found_and_when_it_is_due_never_changes(cast: Cast, vial: DrugLot) -> None:
    row = missing(cast, vial)
    table = "clinic_sessions_drugdiscrepancy"
    for change in (
        "difference_mg = 0",
        "notice_due_at = now()",
        "discovered_at = now()",
        "form_106_due_on = now()",
    ):
        refused(f"UPDATE {table} SET {change}", "frozen|drug_discrepancy")
    refused(f"UPDATE {table} SET state = 'closed'", "drug_discrepancy_closed")
    refused(f"UPDATE {table} SET state = 'reported'", "drug_discrepancy_state")
    moved(cast, row, "explain", reason="Entered twice")
    moved(cast, row, "close", reason="Corrected")
    refused(f"UPDATE {table} SET close_reason = 'x'", "frozen")


def test_a_line_that_its_ledger_does_not_follow_is_refused(cast: Cast, vial: DrugLot) -> None:
    counted(cast, "closing", (vial, "500"))
    count = DrugCount.objects.get()
    south = DrugLot(
        location=cast.south, drug="ketamine", form="vial", lot_number="S", expires_on=vial.expires_on
    )
    south.quantity_mg = Decimal(5)
    south.save_by(cast.south_np, at=MONDAY)
    amounts = {"expected_mg": Decimal(7), "counted_mg": Decimal(7), "difference_mg": Decimal(0)}
    for lot, why in ((south, "another location"), (vial, "beside its ledger")):
        with pytest.raises(DatabaseError, match=why), transaction.atomic():
            DrugCountLine(count=count, lot=lot, **amounts).insert_by(cast.np, at=MONDAY)
