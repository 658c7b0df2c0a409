"""POST exports/: lines, transactions and papers as files, each once in "since last"; no cell is run as a formula."""

from __future__ import annotations

import re
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from billing.jobs import rules, services
from billing.jobs.models import JobItem
from billing.jobs.rendering import books, tables
from billing.models import Charge, Payment, PaymentAllocation, Refund, Superbill
from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from tests.asking import done
from tests.billing import runs
from tests.billing.till import NDC, NOW, Till
from tests.cast import ADDRESS

CELLS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


# --- lines -----------------------------------------------------------------------------------------------------------


def test_lines_leave_as_the_paper_says_them(till: Till) -> None:
    session = till.injection()
    till.rename(legal_first_name="=HYPERLINK(1)", legal_last_name='Núñez, "Jo"', address=ADDRESS)
    therapy = till.charge(modifiers=["95"], pos_code="02", diagnoses=["F33.2", "F43.10"])
    till.charge(session, code="J3490", amount="95.00", **NDC)
    till.pay("150.00", (therapy, "150.00"))
    paper = done(till.superbill(), 201)
    told = runs.export(till, "lines_csv")
    content = runs.file_of(till, told)
    assert content.startswith(b"\xef\xbb\xbfsuperbill,issued_on,")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines[-1] == ""
    assert not any("\n" in line for line in lines)
    first, second = runs.table(content)
    assert list(first) == list(rules.LINE_COLUMNS)
    assert (first["client_name"], first["pos"], first["mod1"], first["dx1"], first["dx2"]) == (
        "'=HYPERLINK(1) Núñez, \"Jo\"", "02", "95", "F33.2", "F43.10",
    )  # fmt: skip
    assert (first["charge"], first["adjustment"], first["paid"], first["balance"]) == (
        "200.00", "0.00", "150.00", "50.00",
    )  # fmt: skip
    assert (second["drug"], second["dose"], second["route"], second["ndc"]) == (
        "ketamine", "40 mg", "intramuscular", "00409205310 ML1.5",
    )  # fmt: skip
    assert [row["superbill"] for row in (first, second)] == [paper["number"]] * 2
    assert sum(Decimal(row["charge"]) for row in (first, second)) == Decimal(paper["totals"]["charges"])
    for clinical in ("said privately", "systolic", "Sky"):
        assert clinical not in content.decode()
    answer = till.desk.get(f"exports/{told['id']}/file/")
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="lines-csv-2026-05-01-2026-05-31.csv"'
    )
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    _same_in_a_workbook(till, first)


def _same_in_a_workbook(till: Till, first: dict[str, str]) -> None:
    head, row, *_ = runs.sheet(runs.file_of(till, runs.export(till, "lines_xlsx")))
    assert [value for _, value in head] == list(rules.LINE_COLUMNS)
    cells = dict(zip(rules.LINE_COLUMNS, row, strict=False))
    assert cells["pos"] == ("s", "02")
    assert cells["client_name"] == ("s", first["client_name"])
    assert cells["charge"] == ("n", "200")
    assert cells["date_of_service"][0] == "n"
    assert cells["billing_npi"] == ("s", first["billing_npi"])


@given(st.text(max_size=20) | st.sampled_from(CELLS))
def test_no_text_is_a_formula_and_every_other_stays_as_it_is(text: str) -> None:
    shown = rules.inert(text)
    assert shown == (f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text)
    assert rules.inert(Decimal("-5.00")) == Decimal("-5.00")
    if "\x00" not in text and text.isprintable():
        row = tables.as_csv(["a", "b"], [[text, Decimal("-5.00")]])
        assert runs.table(row) == [{"a": shown, "b": "-5.00"}]


def test_each_line_leaves_once_in_since_last_and_a_full_export_counts(till: Till) -> None:
    till.charge(amount="10.00")
    first = done(till.superbill(), 201)

    def taken(kind: str = "lines_csv", **body: Any) -> int:
        return runs.export(till, kind, **body)["progress"]["total"]

    assert taken() == 1
    assert taken(since_last=True) == 0
    till.charge(amount="20.00")
    done(till.superbill(from_date="2026-05-18"), 201)  # both lines: the first one stands on two papers
    assert taken() == 2
    assert taken("lines_xlsx", since_last=True) == 0  # the same lines in another form
    till.charge(amount="30.00")
    again = done(till.superbill(corrects=first["id"]), 201)
    assert taken("lines_xlsx", since_last=True) == 1  # the new line alone: the others stand where they stood
    assert taken(since_last=True) == 0
    assert taken(since_last=True, from_date="2026-05-19") == 0
    assert taken("superbills_zip", since_last=True) == 2
    assert taken("superbills_zip", since_last=True) == 0
    assert taken("superbills_zip") == 2
    assert again["number"] == "2026-000003"


def test_a_line_whose_paper_was_replaced_leaves_again_with_the_new_one(till: Till) -> None:
    till.charge()
    first = done(till.superbill(), 201)
    runs.export(till, "lines_csv")
    done(till.superbill(corrects=first["id"]), 201)
    (line,) = runs.table(runs.file_of(till, runs.export(till, "lines_csv", since_last=True)))
    assert (line["superbill"], line["replaces"]) == ("2026-000002", "2026-000001")
    assert runs.export(till, "lines_xlsx", since_last=True)["progress"]["total"] == 0


def test_what_a_stopped_export_held_is_new_again(till: Till) -> None:
    till.charge()
    done(till.superbill(), 201)
    job = runs.asked(till, "exports", kind="lines_csv", since_last=True)
    assert job["progress"] == {"done": 0, "total": 1}
    assert runs.asked(till, "exports", kind="lines_csv", since_last=True)["progress"]["total"] == 0
    till.desk.must(f"exports/{job['id']}/stop/", status=200)
    assert runs.export(till, "lines_csv", since_last=True)["progress"]["total"] == 1


def test_a_paper_that_the_books_contradict_is_left_out_and_told(till: Till) -> None:
    charge = till.charge()
    till.charge(amount="5.00")
    stale = done(till.superbill(), 201)
    till.pay("50.00", (charge, "50.00"))
    for kind in ("superbills_zip", "lines_csv"):
        told = runs.export(till, kind)
        assert told["skipped"] == [
            {"client": str(till.client.pk), "client_name": "Robin Sample", "reasons": ["outdated"]}
        ]
    parts = runs.archive(runs.file_of(till, runs.export(till, "superbills_zip")))
    assert list(parts) == ["manifest.csv"]
    assert [(row["superbill"], row["left_out"]) for row in runs.table(parts["manifest.csv"])] == [
        (stale["number"], "outdated")
    ]
    done(till.superbill(corrects=stale["id"]), 201)
    told = runs.export(till, "superbills_zip", since_last=True)
    assert list(runs.archive(runs.file_of(till, told))) == ["superbill-2026-000002.pdf", "manifest.csv"]


def test_lines_of_one_location_and_period_alone(till: Till) -> None:
    till.charge()
    done(till.superbill(), 201)
    north, south = till.cast.north.pk, till.cast.south.pk
    assert runs.export(till, "lines_csv", location=str(north))["progress"]["total"] == 1
    day = {"from_date": "2026-05-19", "to_date": "2026-05-31"}
    assert runs.export(till, "lines_csv", **day)["progress"]["total"] == 0
    assert south not in till.cast.billing.locations


def test_a_paper_of_before_drug_signature_and_subscriber_is_read_and_exported_still(till: Till) -> None:
    till.charge()
    done(till.superbill(), 201)
    row = Superbill.objects.get()
    plain = {name: value for name, value in row.content.items() if name not in {"signature", "subscriber"}}
    since = {"drug", "dose", "route", "signature"}
    plain["lines"] = [{name: line[name] for name in line.keys() - since} for line in plain["lines"]]
    kept = (
        "client_id",
        "location_id",
        "locations",
        "from_date",
        "to_date",
        "issued_on",
        "charges",
        "pdf",
        "sha256",
    )
    copied = {name: getattr(row, name) for name in kept}
    old = Superbill(**copied, number="2025-000009", content=plain | {"number": "2025-000009"}, corrects=row)
    old.insert_by(SYSTEM, at=NOW)
    told = done(till.desk.get(f"superbills/{old.pk}/"), 200)
    assert (told["signature"], told["subscriber"], told["lines"][0]["drug"]) == (None, None, "")
    (line,) = runs.table(runs.file_of(till, runs.export(till, "lines_csv")))
    assert (line["superbill"], line["drug"], line["payer"]) == ("2025-000009", "", "")


# --- transactions ----------------------------------------------------------------------------------------------------


def booked(till: Till) -> None:
    """A charge that is paid in part and one that is taken back, a refund, a payment that is taken back."""
    kept, wrong = till.charge(amount="120.10"), till.charge(amount="999.00")
    payment = till.pay("150.00", (kept, "100.05"), method="hsa_card", reference="=4242")
    till.desk.must(f"charges/{wrong['id']}/reverse/", {"reason": "wrong code"}, status=201)
    body = {"payment": payment["id"], "amount": "20.00", "reason": "too much"}
    till.desk.must("refunds/", body, status=201)
    twice = till.pay("9.99")
    till.desk.must(f"payments/{twice['id']}/reverse/", {"reason": "entered twice"}, status=201)


def test_transactions_sum_to_the_ledger_and_leave_once(till: Till) -> None:
    booked(till)
    rows = runs.table(runs.file_of(till, runs.export(till, "transactions_csv")))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["type"].removesuffix("_reversal")] += Decimal(row["amount"])
    for model in (Charge, Payment, Refund):
        assert sums[model._meta.model_name] == sum(row.amount for row in model.objects.all())
    assert sums == {"charge": Decimal("120.10"), "payment": Decimal("150.00"), "refund": Decimal("20.00")}
    paid = next(row for row in rows if row["type"] == "payment")
    assert (paid["date"], paid["method"], paid["reference"], paid["amount"]) == (
        "2026-05-20", "hsa_card", "'=4242", "150.00",
    )  # fmt: skip
    assert next(row for row in rows if row["type"] == "charge_reversal")["amount"] == "-999.00"
    assert "Sample" not in str(rows)
    assert runs.export(till, "transactions_csv", since_last=True)["progress"]["total"] == 0
    till.pay("1.00")
    assert runs.export(till, "transactions_csv", since_last=True)["progress"]["total"] == 1
    assert (
        runs.export(till, "beancount", since_last=True)["progress"]["total"] == len(rows) + 1 + 1
    )  # and shares


LEG = re.compile(r"  ([A-Z]\w*(?::[A-Z]\w*)+)  (-?\d+\.\d\d) USD")
HEAD = re.compile(r'(\d{4}-\d\d-\d\d) (?:\* "([a-z ]+)"|open (\S+) USD)')


def judged(text: str) -> dict[str, Decimal]:
    """Balances by account of a Beancount file, read anew: opened before use, and every transaction sums to nothing."""
    opened: dict[str, str] = {}
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for block in text.split("\n\n"):
        legs, day = [], ""
        for line in block.strip().splitlines():
            if (found := HEAD.fullmatch(line)) is not None:
                day = found[1]
                if found[3]:
                    opened[found[3]] = day
            elif (leg := LEG.fullmatch(line)) is not None:
                legs.append((leg[1], Decimal(leg[2])))
                assert opened[leg[1]] <= day
            else:
                assert re.fullmatch(r'option "\w+" "\w+"|  (id|reverses): "[0-9a-f-]{36}"', line), line
        assert sum(amount for _, amount in legs) == 0, block
        for account, amount in legs:
            balances[account] += amount
    return balances


def test_the_books_balance_and_agree_with_the_ledger(till: Till) -> None:
    booked(till)
    balances = judged(runs.file_of(till, runs.export(till, "beancount")).decode())
    owed = sum(row.amount for row in Charge.objects.all())
    shared = sum(row.amount for row in PaymentAllocation.objects.all())
    came = sum(row.amount for row in Payment.objects.all())
    back = sum(row.amount for row in Refund.objects.all())
    assert balances["Income:Services"] == -owed
    assert balances["Assets:Receivable"] == owed - shared
    assert balances["Liabilities:Clients"] == -(came - back - shared)
    assert balances["Assets:Money:HsaCard"] == came - back
    assert balances["Assets:Money:Card"] == 0


def test_an_empty_period_is_a_file_without_entries() -> None:
    assert judged(books.as_beancount([], from_date=NOW.date()).decode()) == {}


@pytest.mark.django_db(transaction=True)
def test_of_desks_that_ask_at_once_for_what_is_new_each_line_goes_to_one(till: Till) -> None:
    till.charge()
    done(till.superbill(), 201)
    start = Barrier(6)

    def ask(_: int) -> int:
        with clock.fixed(NOW):
            own = till.beside()
            start.wait(timeout=30)
            try:
                return int(runs.asked(own, "exports", kind="lines_csv", since_last=True)["progress"]["total"])
            finally:
                connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(ask, range(6))) == [0, 0, 0, 0, 0, 1]
    assert JobItem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_that_go_on_with_one_run_at_once_issue_each_superbill_once(till: Till) -> None:
    runs.clients(till, "Ann", "Bo", "Cy", "Dee")
    job = runs.asked(till, "superbill-runs")
    start = Barrier(3)

    def work(_: int) -> None:
        start.wait(timeout=30)
        try:
            for _ in range(12):
                services.sweep_jobs(at=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    told = done(till.desk.get(f"superbill-runs/{job['id']}/"), 200)
    assert (told["state"], told["progress"], told["skipped"]) == ("done", {"done": 4, "total": 4}, [])
    numbers = [row["number"] for row in till.desk.get("superbills/?ordering=number").json()["results"]]
    assert numbers == [f"2026-{n:06d}" for n in range(1, 5)]
