"""GET billing-worklist/: the sessions that took place, by what billing has to do with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Charge
from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from sessions.booking.models import Session
from sessions.notes.models import Note
from tests.asking import done, events, refused
from tests.billing.test_guards import twin
from tests.billing.till import NOW, SERVED, Till
from tests.cast import Cast, colleague, completed_session, dosed_session, team


def listed(till: Till, state: str, who: str = "billing", **query: str) -> list[dict[str, Any]]:
    told = done(till.cast.desk(who).get("billing-worklist/", state=state, **query), 200)
    assert told["count"] == len(told["results"])
    return told["results"]  # type: ignore[no-any-return]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["session"]["id"] for row in rows]


@pytest.fixture
def priced(till: Till) -> Till:
    for code, amount in {"90837": "180.00", "90834": "140.00", "KAP-DOSE": "250.00"}.items():
        till.desk.must("fees/", {"code": code, "amount": amount, "valid_from": "2026-01-01"}, status=201)
    return till


def test_a_session_goes_from_ready_to_paid(priced: Till) -> None:
    session = priced.hour
    (row,) = listed(priced, "ready")
    assert row == {
        "state": "ready",
        "client": {"id": str(session.client_id), "name": "Robin Sample"},
        "session": {"id": str(session.pk), "kind": "preparation", "number": 1, "date": "2026-05-18"},
        "program": str(session.program_id),
        "location": str(session.location_id),
        "services": [{"code": "90837", "units": 1}],
        "totals": {"amount": "180.00", "paid": "0.00", "balance": "180.00"},
        "blockers": [],
    }
    assert (priced.cast.billing.pk, "ok", [session.client_id]) in events("billing_worklist.list")
    charge = priced.charge(code="90837", amount="180.00")
    assert (listed(priced, "ready"), listed(priced, "blocked"), listed(priced, "issued")) == ([], [], [])
    (row,) = listed(priced, "charged")
    assert (row["state"], row["services"]) == ("charged", [{"code": "90837", "units": 1}])
    assert ids(listed(priced, "unpaid")) == [str(session.pk)]
    priced.pay("100.00", (charge, "100.00"))
    (row,) = listed(priced, "unpaid")
    assert row["totals"] == {"amount": "180.00", "paid": "100.00", "balance": "80.00"}
    done(priced.superbill(), 201)
    assert (listed(priced, "charged"), ids(listed(priced, "issued"))) == ([], [str(session.pk)])
    assert ids(listed(priced, "unpaid")) == [str(session.pk)]
    priced.pay("80.00", (charge, "80.00"))
    assert listed(priced, "unpaid") == []
    done(priced.desk.post(f"charges/{charge['id']}/reverse/", {"reason": "wrong code"}), 201)
    assert ids(listed(priced, "ready")) == [str(session.pk)]
    assert (listed(priced, "issued"), listed(priced, "charged"), listed(priced, "unpaid")) == ([], [], [])


def test_a_paper_is_of_the_lines_that_a_payer_knows(priced: Till) -> None:
    session = priced.dose()
    fees = {"90837": "180.00", "KAP-DOSE": "250.00"}
    charges = [priced.charge(session, code=code, amount=amount) for code, amount in fees.items()]
    (row,) = listed(priced, "charged")
    assert row["services"] == [{"code": "90837", "units": 1}, {"code": "KAP-DOSE", "units": 1}]
    priced.pay("430.00", *((charge, charge["amount"]) for charge in charges))
    done(priced.receipt(), 201)
    assert ids(listed(priced, "charged")) == [str(session.pk)]
    done(priced.superbill(), 201)
    assert (listed(priced, "charged"), ids(listed(priced, "issued"))) == ([], [str(session.pk)])


def test_a_session_that_is_charged_in_part_stays_with_the_rest_until_its_paper(priced: Till) -> None:
    session = priced.dose()
    priced.charge(session, code="90837", amount="180.00")
    (row,) = listed(priced, "ready")
    assert (row["services"], row["totals"]["amount"]) == ([{"code": "KAP-DOSE", "units": 1}], "250.00")
    assert ids(listed(priced, "charged")) == ids(listed(priced, "unpaid")) == [str(session.pk)]
    rest = priced.charge(session, code="KAP-DOSE", amount="250.00")
    assert (listed(priced, "ready"), listed(priced, "blocked")) == ([], [])
    done(priced.desk.post(f"charges/{rest['id']}/reverse/", {"reason": "not today"}), 201)
    assert ids(listed(priced, "ready")) == [str(session.pk)]
    done(priced.superbill(), 201)  # what billing leaves off the paper, it means to leave off
    assert listed(priced, "ready") == []


def test_what_holds_the_rest_back_is_told_beside_what_is_charged(priced: Till, cast: Cast) -> None:
    session = priced.dose()
    done(priced.desk.post("fees/", {"code": "0820T", "amount": "60.00", "valid_from": "2026-01-01"}), 201)
    practice.save_staff(user=cast.np, values={"npi": ""}, by=cast.admin, at=clock.now())
    priced.charge(session, code="90837", amount="180.00", rendering=str(cast.therapist.pk))
    (row,) = listed(priced, "blocked")
    assert {blocker["code"] for blocker in row["blockers"]} == {"no_npi"}
    assert ids(listed(priced, "charged")) == [str(session.pk)]


def test_what_is_blocked_says_why_in_words(priced: Till, cast: Cast) -> None:
    program = priced.program
    unsigned = completed_session(cast, program, starts_at=SERVED)
    with clock.fixed(SERVED + timedelta(hours=3)):
        left = dosed_session(cast, program, staff=team(cast, "np", "other_therapist"))
    rows = listed(priced, "blocked")
    assert ids(rows) == [str(unsigned.pk), str(left.pk)]
    assert [[b["code"] for b in row["blockers"]] for row in rows] == [["note_unsigned"], ["not_discharged"]]
    assert rows[0]["blockers"][0]["detail"] == "Therapist has not signed a note of this session."
    assert rows[0]["totals"] == {"amount": "0.00", "paid": "0.00", "balance": "0.00"}
    assert listed(priced, "ready") == []
    for words in ("said privately", "systolic", "spo2", "readiness"):
        assert words not in str(rows)


def test_it_can_be_of_one_clinician(priced: Till, cast: Cast) -> None:
    session = priced.hour
    assert ids(listed(priced, "ready", staff=str(cast.therapist.pk))) == [str(session.pk)]
    assert listed(priced, "ready", staff=str(cast.np.pk)) == []
    priced.charge(code="90837", amount="180.00")
    assert ids(listed(priced, "charged", staff=str(cast.therapist.pk))) == [str(session.pk)]
    assert listed(priced, "charged", staff=str(cast.np.pk)) == []
    refused(cast.desk("billing").get("billing-worklist/", staff="nobody"), 400, "invalid", "/staff")


def test_it_is_of_the_billers_own_location(priced: Till, cast: Cast) -> None:
    session = priced.hour
    for who in ("frontdesk", "np", "therapist", "prescriber", "admin"):
        refused(cast.desk(who).get("billing-worklist/"), 403, "not_permitted")
    assert ids(listed(priced, "ready", "director")) == [str(session.pk)]
    colleague(cast, "south_biller", "billing", locations=[cast.south.pk])
    for state in ("ready", "blocked", "charged", "issued", "unpaid"):
        assert listed(priced, state, "south_biller") == []
    assert ids(listed(priced, "ready", client=str(session.client_id), location=str(cast.north.pk))) == [
        str(session.pk)
    ]
    assert listed(priced, "ready", from_date="2026-05-19") == []
    assert ids(listed(priced, "ready", from_date="2026-05-18", to_date="2026-05-18")) == [str(session.pk)]
    refused(cast.desk("billing").get("billing-worklist/", state="owed"), 400, "invalid", "/state")


def test_fifty_sessions_cost_no_more_queries_than_one(till: Till) -> None:
    till.desk.must("fees/", {"code": "90832", "amount": "90.00", "valid_from": "2026-01-01"}, status=201)
    charged = ("charged", "unpaid")

    def another(n: int) -> Session:
        """The same hour on another day, written up in the same words."""
        back = timedelta(days=n)
        times = {"starts_at": one.starts_at - back, "ends_at": one.ends_at - back}
        row: Session = twin(one, number=n + 1, **times).save_by(SYSTEM, at=NOW)
        twin(Note.objects.get(session=one), session_id=row.pk).save_by(SYSTEM, at=NOW)
        return row

    def queries(state: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            rows = done(till.desk.get("billing-worklist/", state=state, page_size="50"), 200)
        assert rows["results"]
        found = [query["sql"] for query in captured.captured_queries]
        return len([sql for sql in found if not sql.startswith(("INSERT INTO", "SAVEPOINT", "RELEASE"))])

    one = till.session(minutes=16)
    few = {"ready": queries("ready")}
    charge = Charge.objects.get(pk=till.charge(one)["id"])
    few |= {state: queries(state) for state in charged}
    assert max(few.values()) <= 3
    rest = [another(n) for n in range(1, 51)]
    assert len(listed(till, "ready")) == 50
    assert queries("ready") == few["ready"]
    for each in rest[1:]:
        twin(charge, session_id=each.pk).insert_by(SYSTEM, at=NOW)
    for state in charged:
        assert len(listed(till, state)) == 50
        assert queries(state) == few[state]
