"""A merge is taken back: money, packages, papers and copies of the record are each person's own again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from billing.models import RecordExport, RecordExportFile
from billing.records.tasks import work_on_record_export
from kapclinic.core import clock
from kapclinic.practice.models import Client
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.course.services import partings
from tests.asking import done, refused
from tests.billing.shop import bought, left, look, offer, rendered, take_back, try_to_buy
from tests.billing.test_adjustments import price
from tests.billing.test_outdated import outdated
from tests.billing.test_record_exports import archive, asked, made
from tests.billing.test_scales import scale, try_to_agree
from tests.billing.till import NOW, SERVED, Till
from tests.cast import PLAIN, Cast, client

WHY = {"reason": "They share a name and a birthday"}
YEAR = {"from_date": "2026-01-01", "to_date": "2026-12-31"}


@dataclass
class Twins:
    """`till` of Robin, and Robyn, whom somebody takes for the same person; `hour` is one that Robyn came to."""

    till: Till
    cast: Cast
    robyn: Client
    hour: Session

    def move(self, path: str) -> None:
        more = {"into": str(self.till.client.pk)} if path == "merge" else {}
        self.cast.desk("director").must(f"clients/{self.robyn.pk}/{path}/", WHY | more)

    def account(self, who: Client) -> tuple[str, str]:
        """What they owe beyond their credit, and the credit."""
        told = done(self.till.desk.get(f"clients/{who.pk}/account/"), 200)
        return told["owes"], told["credit"]

    @property
    def accounts(self) -> list[tuple[str, str]]:
        return [self.account(self.till.client), self.account(self.robyn)]


@pytest.fixture
def twins(till: Till, cast: Cast) -> Twins:
    robyn = client(cast.north, by=cast.frontdesk, first="Robyn", last="Other")
    other = till.of(robyn)
    hour = other.session(starts_at=SERVED - timedelta(hours=3))
    assert other.course is not None
    cast.desk("therapist").must(f"programs/{other.course.pk}/discontinue/", {"reason": "moved"})
    return Twins(till, cast, robyn, hour)


def listed() -> list[tuple[str, str]]:
    """What billing is asked to look at, with whose it is."""
    rows = Task.objects.open().filter(kind="money_parted").order_by("created_at", "pk")
    return [(str(row.subject_id), str(row.client)) for row in rows]


def test_money_of_one_pays_the_other_no_more(twins: Twins) -> None:
    till, mine = twins.till, str(twins.robyn.pk)
    twins.move("merge")
    charge, own = till.charge(amount="100.00"), till.charge(twins.hour, amount="30.00")
    theirs = till.pay("130.00", (charge, "100.00"), (own, "30.00"), client=mine)
    mixed = till.pay("40.00")
    twins.move("unmerge")
    assert twins.accounts == [("60.00", "40.00"), ("0.00", "100.00")]
    assert listed() == [(charge["id"], str(till.client.pk))]
    share = {"allocations": [{"charge": charge["id"], "amount": "1.00"}]}
    refused(
        till.desk.post(f"payments/{theirs['id']}/allocate/", share), 400, "not_found", "/allocations/0/charge"
    )
    done(till.desk.post(f"payments/{mixed['id']}/allocate/", share), 200)
    till.desk.must(f"payments/{theirs['id']}/reverse/", {"reason": "bounced"}, status=201)
    assert twins.accounts == [("60.00", "39.00"), ("30.00", "0.00")]
    take_back(till, charge)
    assert (twins.accounts[0], listed()) == (("0.00", "40.00"), [])
    twins.move("merge")
    twins.move("unmerge")
    assert (twins.accounts, listed()) == ([("0.00", "40.00"), ("30.00", "0.00")], [])


def test_what_the_others_fee_agreement_took_off_is_looked_at(twins: Twins) -> None:
    till = twins.till
    price(PLAIN, "100.00")
    done(try_to_agree(till, done(scale(till), 201), client=str(twins.robyn.pk)), 201)
    own = till.charge(twins.hour, amount="100.00")
    twins.move("merge")
    cheaper, gone = till.charge(amount="100.00"), till.charge(amount="100.00")
    take_back(till, gone)
    assert [row["adjustments"] for row in (own, cheaper)] == ["-40.00", "-40.00"]
    twins.move("unmerge")
    assert listed() == [(cheaper["id"], str(till.client.pk))]
    assert twins.accounts == [("60.00", "0.00"), ("60.00", "0.00")]


def test_money_that_still_ties_two_people_is_taken_back(
    twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a merge left it that was taken back before the ledger heard of it."""
    till, mine = twins.till, str(twins.robyn.pk)
    twins.move("merge")
    charges = [till.charge(amount="100.00") for _ in range(3)]
    paid = [till.pay("100.00", (charge, "100.00"), client=mine) for charge in charges]
    monkeypatch.setattr(partings, "_PARTINGS", {})
    twins.move("unmerge")
    assert twins.accounts == [("0.00", "0.00"), ("0.00", "0.00")]
    till.desk.must(f"payments/{paid[0]['id']}/reverse/", {"reason": "bounced"}, status=201)
    take_back(till, charges[1])
    refund = {"payment": paid[2]["id"], "amount": "40.00", "reason": "not theirs"}
    till.desk.must("refunds/", refund, status=201)
    assert twins.accounts == [("200.00", "0.00"), ("0.00", "160.00")]


def test_a_package_of_one_that_the_others_money_paid_ends(twins: Twins) -> None:
    till, mine = twins.till, str(twins.robyn.pk)
    package = offer(till)
    money = till.pay("699.99", client=mine)
    twins.move("merge")
    purchase = done(try_to_buy(till, package, money), 201)
    own = bought(till, package)
    used = rendered(till)  # of the older one
    theirs = till.desk.must(
        "charges/", {"session": str(twins.hour.pk), "code": "90837", "units": 1}, status=201
    )
    last = rendered(till, 1)  # of Robin's own
    assert (left(till, purchase), left(till, own)) == ([0, 1], [1, 1])
    twins.move("unmerge")
    ended = look(till, purchase)
    assert (ended["status"], ended["unused"], ended["refundable"]) == ("cancelled", "399.99", "399.99")
    assert look(till, own)["status"] == "active"
    assert [till.desk.get(f"charges/{row['id']}/").json()["balance"] for row in (used, theirs, last)] == [
        "150.00",
        "0.00",
        "0.00",
    ]
    assert twins.account(twins.robyn) == ("0.00", "549.99")
    robin = str(till.client.pk)
    assert set(listed()) == {(purchase["id"], robin), (used["id"], robin), (theirs["id"], mine)}
    assert rendered(till, 2)["paid"] == "150.00"  # Robin's own package goes on
    take_back(till, theirs)
    till.desk.must("refunds/", {"payment": money["id"], "amount": "699.99", "reason": "stops"}, status=201)
    assert twins.account(twins.robyn) == ("0.00", "0.00")


def test_papers_of_both_are_outdated_once_they_are_two(twins: Twins) -> None:
    till = twins.till
    robin, mine = {"client": str(till.client.pk)}, {"client": str(twins.robyn.pk)}
    charge, theirs = till.charge(amount="100.00"), till.charge(twins.hour, amount="50.00")
    own = done(till.desk.post("statements/", YEAR | mine), 201)
    with clock.fixed(NOW + timedelta(minutes=1)):
        twins.move("merge")
    with clock.fixed(NOW + timedelta(minutes=2)):
        till.pay("150.00", (charge, "100.00"), (theirs, "50.00"))
        both = done(till.superbill(), 201)
        asked_for = (
            robin,
            mine,
            robin | {"from_date": "2026-05-20"},
        )  # the last one tells of Robyn in one sum
        stated = [done(till.desk.post("statements/", YEAR | one), 201) for one in asked_for]
        assert (len(both["lines"]), outdated(till, "superbills", both)) == (2, False)
        assert [outdated(till, "statements", row) for row in stated] == [False, False, False]
    with clock.fixed(NOW + timedelta(minutes=3)):
        twins.move("unmerge")
    assert outdated(till, "superbills", both) is True
    assert [outdated(till, "statements", row) for row in (*stated, own)] == [True, True, True, False]
    with clock.fixed(NOW + timedelta(minutes=4)):
        new = done(till.superbill(corrects=both["id"]), 201)
        assert [line["charge"] for line in new["lines"]] == [charge["id"]]
        assert "replaced_line_left_out" not in {one["code"] for one in new["warnings"]}
        assert outdated(till, "superbills", new) is False
        done(till.desk.post("superbills/", till.period() | mine | {"only_new": True}), 201)


def test_a_line_that_is_reversed_under_the_other_registration_outdates_the_paper(twins: Twins) -> None:
    till = twins.till
    theirs = till.charge(twins.hour, amount="50.00", code="90837")
    twins.move("merge")
    till.pay("50.00", (theirs, "50.00"))
    bill, receipt = done(till.superbill(), 201), done(till.receipt(), 201)
    assert [outdated(till, "superbills", bill), outdated(till, "receipts", receipt)] == [False, False]
    free = done(till.superbill(corrects=bill["id"]), 201)
    take_back(till, theirs)
    assert [outdated(till, "superbills", free), outdated(till, "receipts", receipt)] == [True, True]


def test_a_copy_of_two_records_is_never_handed_out(twins: Twins, cast: Cast) -> None:
    till, director = twins.till, cast.desk("director")
    till.charge(twins.hour, amount="50.00")
    done(till.desk.post("superbills/", till.period() | {"client": str(twins.robyn.pk)}), 201)
    own = made(cast, till.client)
    late = asked(cast, till.client)
    twins.move("merge")
    work_on_record_export(export_id=late["id"])  # a copy of half a record by now
    whole, waits = made(cast, till.client), asked(cast, till.client)
    twins.move("unmerge")
    work_on_record_export(export_id=waits["id"])
    told = {row["id"]: row for row in director.get("record-exports/").json()["results"]}
    assert [(told[row["id"]]["state"], told[row["id"]]["failure"]) for row in (late, waits, whole, own)] == [
        ("failed", "person_changed"),
        ("failed", "person_changed"),
        ("done", ""),
        ("done", ""),
    ]
    refused(director.get(f"record-exports/{whole['id']}/file/"), 409, "file_ended")
    assert set(RecordExportFile.objects.values_list("pk", flat=True)) == {
        RecordExport.objects.get(pk=own["id"]).pk
    }
    assert not any(name.startswith("billing/") for name in archive(cast, own))


def test_a_copy_of_one_holds_no_paper_of_both(twins: Twins, cast: Cast) -> None:
    """A paper of the time when two were one stays in the books, and out of what either of them is given."""
    till, mine = twins.till, str(twins.robyn.pk)
    till.pay("7.00", client=mine)
    own = done(till.desk.post("statements/", YEAR | {"client": mine}), 201)
    with clock.fixed(NOW + timedelta(minutes=1)):
        twins.move("merge")
    with clock.fixed(NOW + timedelta(minutes=2)):
        charge = till.charge(amount="100.00")
        till.pay("100.00", (charge, "100.00"), client=mine)
        proves = done(till.superbill(), 201)  # a line of Robin's, and a payment of Robyn's
        theirs = till.charge(twins.hour, amount="51.37")
        till.pay("51.37", (theirs, "51.37"), client=mine)
        both, receipt = done(till.superbill(), 201), done(till.receipt(), 201)
        stated = done(till.desk.post("statements/", YEAR | {"client": str(till.client.pk)}), 201)
        assert made(cast, till.client)["left_out"] == []
    with clock.fixed(NOW + timedelta(minutes=3)):
        twins.move("unmerge")
    with clock.fixed(NOW + timedelta(minutes=4)):
        copy, other = made(cast, till.client), made(cast, twins.robyn)
        found, others = archive(cast, copy), archive(cast, other)
    papers = (("superbill", proves), ("superbill", both), ("receipt", receipt), ("statement", stated))
    assert {(row["name"], row["reason"]) for row in copy["left_out"]} == {
        (f"billing/{kind}-{paper['id']}.pdf", "of_two_people") for kind, paper in papers
    }
    assert not any(name.startswith("billing/") for name in found)
    told = found["billing.json"].decode()
    assert charge["id"] in told
    assert ("51.37" in told, theirs["id"] in told) == (False, False)
    assert (f"billing/statement-{own['id']}.pdf" in others, other["left_out"]) == (True, [])
