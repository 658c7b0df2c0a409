"""The ledger against SQL, and the chain against somebody with the keys of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from kapclinic.core.audited import HistoryBypassed
from kapclinic.core.ids import uuid7
from sessions.booking.models import Session
from sessions.drugs import rules, selectors
from sessions.drugs.models import DrugEntry, DrugLot
from tests.asking import as_superuser
from tests.cast import MONDAY, Cast
from tests.sessions.drugs.stock import D, dose, lines, lot_with

TABLE = "clinic_sessions_drugentry"


@contextmanager
def refused(match: str = "") -> Iterator[None]:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():  # noqa: PT012
        yield
        connection.check_constraints()  # deferred triggers speak at the end of a transaction


def following(lot: DrugLot, /, **more: Any) -> DrugEntry:
    """A loss of 10 mg that follows the lot's last entry, with whatever a forger changes about it."""
    last = lot.entries.order_by("-sequence").first()
    values: dict[str, Any] = {
        "id": uuid7(),
        "lot": lot,
        "sequence": last.sequence + 1,
        "kind": "loss",
        "amount_mg": D("10"),
        "delta_mg": D("-10"),
        "balance_mg": last.balance_mg - 10,
        "reason": "dropped",
        "previous_hash": last.hash,
        "created_at": MONDAY,
        "created_by": uuid4(),
    } | more
    entry = DrugEntry(**values)
    entry.hash = more.get("hash") or rules.link(entry)
    return entry


def test_an_entry_that_follows_is_taken(cast: Cast) -> None:
    lot = lot_with(cast)
    following(lot, kind="return").save(force_insert=True)
    assert lines(lot)[-1] == ("return", D("10"), D("-10"), D("990"))
    assert selectors.ledger_problem() is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sequence": 3}, "does not follow"),
        ({"sequence": 1, "kind": "receive", "delta_mg": D("10"), "balance_mg": D("1010")}, "does not follow"),
        ({"previous_hash": "f" * 64}, "does not follow"),
        ({"balance_mg": D("1000")}, "does not add up"),
        ({"delta_mg": D("-5"), "balance_mg": D("995")}, "drug_entry_effect"),
        ({"delta_mg": D("10"), "balance_mg": D("1010")}, "drug_entry_effect"),
        ({"amount_mg": D("1001"), "delta_mg": D("-1001"), "balance_mg": D("-1")}, "drug_entry_balance"),
        ({"kind": "steal"}, "drug_entry_effect"),
        ({"kind": "waste"}, "drug_entry_witness"),
        ({"kind": "correct", "amount_mg": D("-5")}, "drug_entry_effect"),
        ({"kind": "count", "amount_mg": D("5")}, "drug_entry_effect"),
        ({"kind": "receive", "delta_mg": D("10"), "balance_mg": D("1010")}, "drug_entry_first"),
        ({"kind": "administer"}, "drug_entry_whose"),
        ({"given_mg": D("10"), "wasted_mg": D("0")}, "drug_entry_given_and_wasted"),
        ({"hash": "short"}, "drug_entry_hash"),
    ],
)
def test_an_entry_that_breaks_the_ledger_is_refused_by_the_database(
    cast: Cast, change: dict[str, Any], why: str
) -> None:
    lot = lot_with(cast)
    with refused(why):
        following(lot, **change).save(force_insert=True)
    assert len(lines(lot)) == 1


@pytest.mark.parametrize(
    "change", [{}, {"kind": "count", "amount_mg": D("990")}], ids=["loss", "count that differs"]
)
def test_what_is_missing_and_nobody_answers_for_does_not_commit(cast: Cast, change: dict[str, Any]) -> None:
    lot = lot_with(cast)
    with refused("nobody answers for the -10.000 mg"):
        following(lot, **change).save(force_insert=True)
    assert len(lines(lot)) == 1


def test_the_ledger_of_a_lot_begins_at_its_receipt(cast: Cast) -> None:
    lot = lot_with(cast)
    other = DrugLot(
        location=cast.north,
        drug="ketamine",
        form="vial",
        lot_number="B",
        expires_on=lot.expires_on,
        quantity_mg=D("5"),
    ).save_by(cast.np, at=MONDAY)
    with refused("drug_entry_first"):
        entry = following(lot, lot=other, sequence=1, kind="correct", amount_mg=D("5"), delta_mg=D("5"))
        entry.balance_mg, entry.previous_hash = D("5"), rules.GENESIS
        entry.save(force_insert=True)
    assert selectors.ledger_problem() == f"lot {other.pk} has lost its entries."


def test_a_waste_cannot_be_witnessed_by_whoever_entered_it(cast: Cast) -> None:
    lot, np = lot_with(cast), cast.np
    with refused("drug_entry_witness"):
        following(lot, kind="waste", witness=np, witness_verified_at=MONDAY, created_by=np.pk).save(
            force_insert=True
        )
    with refused("drug_entry_witness"):
        following(lot, kind="waste", witness=np, created_by=cast.prescriber.pk).save(force_insert=True)


def test_given_and_wasted_that_do_not_add_up_are_refused_by_the_database(
    cast: Cast, book: dict[str, Session]
) -> None:
    lot, session = lot_with(cast), book["dosing"]
    whose = {"administration": uuid4(), "session": session, "client_id": session.client_id}
    with refused("drug_entry_given_and_wasted"):
        following(lot, kind="administer", given_mg=D("5"), wasted_mg=D("4"), **whose).save(force_insert=True)
    with refused("drug_entry_given_and_wasted"):
        following(lot, kind="administer", given_mg=D("11"), wasted_mg=D("-1"), **whose).save(
            force_insert=True
        )


def test_waste_without_its_witnessed_line_does_not_commit(cast: Cast, book: dict[str, Session]) -> None:
    lot, session = lot_with(cast), book["dosing"]
    whose = {"administration": uuid4(), "session": session, "client_id": session.client_id}
    with refused("wasted without a witness"):
        following(lot, kind="administer", given_mg=D("6"), wasted_mg=D("4"), **whose).save(force_insert=True)
    assert len(lines(lot)) == 1


def test_a_settlement_settles_an_open_draw_of_its_amount_and_nothing_else(
    cast: Cast, book: dict[str, Session]
) -> None:
    lot = lot_with(cast)
    drawn = dose(cast, book["dosing"], lot, "100")
    whose = {
        "administration": drawn.administration,
        "session_id": drawn.session_id,
        "client_id": drawn.client_id,
    }
    still = {"delta_mg": D("0"), "balance_mg": D("900"), "wasted_mg": D("0")}
    for amount, change in (("90", {}), ("100", {"administration": uuid4()})):
        with refused("settles no open draw"):
            entry = following(
                lot, kind="settle", amount_mg=D(amount), given_mg=D(amount), **(still | whose | change)
            )
            entry.save(force_insert=True)
    waste = {"kind": "waste", "delta_mg": D("0"), "balance_mg": D("900"), "witness": cast.prescriber}
    with refused("wastes what no dose left over"):
        following(lot, **waste, **whose, witness_verified_at=MONDAY).save(force_insert=True)
    assert len(lines(lot)) == 2


@pytest.mark.parametrize(
    "statement", [f"UPDATE {TABLE} SET reason = 'x'", f"DELETE FROM {TABLE}", f"TRUNCATE {TABLE} CASCADE"]
)
def test_the_apps_own_role_can_neither_change_nor_delete_an_entry(cast: Cast, statement: str) -> None:
    lot_with(cast)
    with refused("permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement", [f"UPDATE {TABLE} SET reason = 'x'", f"DELETE FROM {TABLE}", f"TRUNCATE {TABLE} CASCADE"]
)
@pytest.mark.django_db(transaction=True)
def test_the_owner_of_the_table_cannot_either(cast: Cast, statement: str) -> None:
    lot_with(cast)
    with as_superuser() as owner:
        owner.execute("SET session_replication_role = origin")
        with pytest.raises(Exception, match="append-only"):
            owner.execute(statement)


def test_lots_are_never_deleted(cast: Cast) -> None:
    lot = lot_with(cast)
    with refused("permission denied"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM clinic_sessions_druglot")
    entry = lot.entries.get()
    for act in (entry.delete, entry.save, DrugEntry.objects.all().delete, lot.delete):
        with pytest.raises(HistoryBypassed):
            act()


# --- the chain ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (
            f"UPDATE {TABLE} SET amount_mg = 60, delta_mg = -60, wasted_mg = 0, balance_mg = 940 WHERE sequence = 2",
            "entry 2 was changed",
        ),
        (f"UPDATE {TABLE} SET created_by = lot_id WHERE sequence = 3", "entry 3 was changed"),
        (f"UPDATE {TABLE} SET witness_id = lot_id WHERE sequence = 3", "entry 3 was changed"),
        (f"UPDATE {TABLE} SET client_id = session_id WHERE sequence = 2", "entry 2 was changed"),
        (
            f"UPDATE {TABLE} SET created_at = created_at + interval '1 day' WHERE sequence = 2",
            "entry 2 was changed",
        ),
        (f"UPDATE {TABLE} SET reason = 'x' WHERE sequence = 1", "entry 1 was changed"),
        (f"DELETE FROM {TABLE} WHERE sequence = 2", "entry 2 is missing"),
        (f"DELETE FROM {TABLE} WHERE sequence = 1", "entry 1 is missing"),
        (f"DELETE FROM {TABLE}", "has lost its entries"),
        (f"UPDATE {TABLE} SET hash = repeat('a', 64) WHERE sequence = 2", "entry 2 was changed"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_verify_names_the_entry_that_somebody_with_the_keys_edited(
    cast: Cast, book: dict[str, Session], edit: str, why: str
) -> None:
    lot = lot_with(cast)
    dose(cast, book["dosing"], lot, "100", "60", "40", witness=cast.prescriber)
    call_command("verify_audit")
    with as_superuser() as intruder:
        assert intruder.execute(edit).rowcount
    with pytest.raises(CommandError, match=rf"drug ledger: lot {lot.pk}.*{why}"):
        call_command("verify_audit")


def test_a_balance_that_does_not_add_up_is_found_even_with_good_hashes() -> None:
    lot_id, rows, previous = uuid7(), [], rules.GENESIS
    for sequence, balance in ((1, D("10")), (2, D("15"))):
        entry = DrugEntry(
            lot_id=lot_id,
            sequence=sequence,
            kind="receive",
            amount_mg=D("10"),
            delta_mg=D("10"),
            balance_mg=balance,
            previous_hash=previous,
            created_at=MONDAY,
            created_by=uuid4(),
        )
        entry.hash = previous = rules.link(entry)
        rows.append(entry)
    broken = rules.first_broken(rows)
    assert str(broken) == f"lot {lot_id}, entry 2 has a balance that does not add up."
