"""POST statements/ and GET payments/{id}/receipt/: what was charged and paid, without a code; numbered, never changed."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from django.db import IntegrityError, transaction

from billing.models import DocumentCounter, Statement
from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from tests.asking import done, events, refused
from tests.billing.test_adjustments import adjust
from tests.billing.till import NOW, Till
from tests.cast import PERSON, Cast, client

Row = dict[str, Any]
JUNE = NOW.replace(month=6, day=10)
PREPAID = "prepayment, not an itemized medical receipt"


def state(till: Till, **body: Any) -> Any:
    return till.desk.post("statements/", till.period() | body)


def told(till: Till, path: str) -> str:
    answer = till.desk.get(path)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"] == True  # noqa: E712  (a pypdf boolean)
    return "\n".join(page.extract_text() for page in reader.pages)


def books(till: Till) -> tuple[Row, Row]:
    """A charge of May that was reduced, a wrong one that was reversed, a payment and a part of it back."""
    charge, wrong = till.charge(amount="200.00"), till.charge(amount="77.00")
    adjust(till, charge, "-50.00")
    till.desk.must(f"charges/{wrong['id']}/reverse/", {"reason": "wrong line"}, status=201)
    payment = till.pay("180.00", (charge, "120.00"), reference="ending 4242")
    back = {"payment": payment["id"], "amount": "15.00", "reason": "early stop"}
    till.desk.must("refunds/", back, status=201)
    return charge, payment


def test_a_statement_lists_the_books_of_its_period_without_a_code(till: Till) -> None:
    charge, payment = books(till)
    answer = done(state(till), 201)
    assert answer["number"] == "S-2026-000001"
    assert answer["totals"] == {
        "opening": "0.00",
        "charges": "200.00",
        "adjustments": "-50.00",
        "payments": "180.00",
        "refunds": "15.00",
        "paid": "165.00",
        "balance": "-15.00",
    }
    assert [(row["kind"], row["date"], row["amount"], row["balance"]) for row in answer["lines"]] == [
        ("charge", "2026-05-18", "200.00", "200.00"),
        ("adjustment", "2026-05-20", "-50.00", "150.00"),
        ("payment", "2026-05-20", "-180.00", "-30.00"),
        ("refund", "2026-05-20", "15.00", "-15.00"),
    ]
    assert [row["entry"] for row in answer["lines"]][:1] == [charge["id"]]
    assert done(till.desk.get(f"clients/{till.client.pk}/account/"), 200)["balance"] == "-15.00"
    text = told(till, f"statements/{answer['id']}/pdf/")
    for words in ("S-2026-000001", "05/18/2026", "counselling, a quarter hour", "$200.00", "-$50.00", "YOUR CREDIT",
                  "Courtesy", till.client.legal_name, "North Clinic PLLC", "neither a superbill"):  # fmt: skip
        assert words in text, words
    for clinical in ("90837", "F33", "77.00", "02/1985", "Diagnos", "4242"):
        assert clinical not in text + str(answer), clinical
    assert (answer["outdated"], answer["corrects"], answer["warnings"]) == (False, None, [])
    assert events("statement.create")[-1] == (till.cast.billing.pk, "ok", [till.client.pk])
    assert payment["id"] in [row["entry"] for row in answer["lines"]]


def test_what_was_open_before_is_carried_over_and_later_rows_outdate_the_paper(till: Till) -> None:
    charge = till.charge(amount="200.00")
    may = done(state(till), 201)
    with clock.fixed(JUNE):
        till.pay("60.00", (charge, "60.00"), received_on="2026-06-10")
        adjust(till, charge, "-40.00", "write_off")
        june = done(state(till, from_date="2026-06-01", to_date="2026-06-30"), 201)
        assert june["number"] == "S-2026-000002"
        assert (june["totals"]["opening"], june["totals"]["balance"]) == ("200.00", "100.00")
        assert [row["kind"] for row in june["lines"]] == ["adjustment", "payment"]
        assert till.desk.get(f"statements/{may['id']}/").json()["outdated"] is False  # nothing of May is new
        till.pay("10.00", received_on="2026-05-30")
        assert till.desk.get(f"statements/{may['id']}/").json()["outdated"] is True
        assert (
            till.desk.get(f"statements/{june['id']}/").json()["outdated"] is False
        )  # written at the same moment
    with clock.fixed(JUNE.replace(hour=19)):
        till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "wrong client"}, status=201)
        listed = till.desk.get("statements/?outdated=true").json()["results"]
        assert {row["id"] for row in listed} == {may["id"], june["id"]}
        again = done(state(till), 201)
        assert (again["totals"]["balance"], len(again["lines"])) == ("-10.00", 1)
        assert till.desk.get(f"statements/{may['id']}/").json()["totals"] == may["totals"]


def test_an_agreements_part_stands_beside_its_service(till: Till) -> None:
    tiers = [{"name": "B", "percent": "60"}]
    scale = till.desk.must("sliding-scales/", {"name": "S", "valid_from": "2026-01-01", "tiers": tiers})
    body = {"client": str(till.client.pk), "scale": scale["id"], "tier": "B", "from_date": "2026-01-01"}
    till.desk.must("fee-agreements/", body | {"basis": "letter seen"})
    till.charge(amount="200.00")
    lines = done(state(till), 201)["lines"]
    assert [(row["kind"], row["date"], row["balance"]) for row in lines] == [
        ("charge", "2026-05-18", "200.00"),
        ("adjustment", "2026-05-18", "120.00"),
    ]
    assert lines[1]["description"] == "Sliding scale: counselling, a quarter hour"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"to_date": "2026-04-30"}, "/to_date", "reversed"),
        ({"client": "0198c0de-0000-7000-8000-000000000000"}, "/client", "not_found"),
        ({"location": "0198c0de-0000-7000-8000-000000000000"}, "/location", "not_found"),
        ({"corrects": "0198c0de-0000-7000-8000-000000000000"}, "/corrects", "unknown_field"),
        ({"from_date": "May"}, "/from_date", "invalid"),
    ],
)
def test_a_statement_that_cannot_be_is_refused_and_uses_up_no_number(
    till: Till, body: Row, pointer: str, code: str
) -> None:
    refused(state(till), 409, "nothing_to_state")
    till.charge()
    refused(state(till, **body), 400, code, pointer)
    assert not Statement.objects.exists()
    assert not DocumentCounter.objects.filter(last__gt=0).exists()


def test_a_statement_with_blank_boxes_is_refused(till: Till) -> None:
    till.charge()
    till.rename(legal_first_name="李明")
    refused(state(till), 409, "name_not_printable")
    till.rename(legal_first_name="Núñez")
    assert done(state(till), 201)["number"] == "S-2026-000001"


def test_a_statement_is_billings_and_the_directors_and_of_all_its_locations(till: Till, cast: Cast) -> None:
    charge, _ = books(till)
    first = till.desk.must("statements/", till.period(), key="once", status=201)
    assert till.desk.must("statements/", till.period(), key="once", status=201) == first
    cast.desk("director").must("statements/", till.period(), status=201)
    for who in sorted(set(PERSON.values()) - {"billing", "director"}):
        for path in ("statements/", f"statements/{first['id']}/", f"statements/{first['id']}/pdf/"):
            assert cast.desk(who).get(path).status_code == 403
        answer = refused(cast.desk(who).post("statements/", till.period()), 403, "not_permitted")
        assert "200.00" not in str(answer)
    elsewhere = cast.desk("south_billing")
    assert elsewhere.get(f"statements/{first['id']}/").status_code == 404
    assert elsewhere.get("statements/").json()["count"] == 0
    refused(elsewhere.post("statements/", till.period()), 400, "not_found", "/client")
    assert Statement.objects.count() == 2
    row = Statement.objects.get(pk=first["id"])
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname != "id"}
    for changes, rule in (
        ({"number": "2026-000009"}, "statement_number"),
        ({"number": "S-2026-000009", "pdf": b"other"}, "statement_hash"),
        ({"number": "S-2026-000009", "locations": []}, "statement_placed"),
    ):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            Statement(**values | changes).insert_by(SYSTEM, at=NOW)
    assert charge["id"] in first["lines"][0]["entry"]


def test_two_billing_providers_are_two_statements_and_a_person_has_one(till: Till, cast: Cast) -> None:
    till.charge(amount="30.00")
    twin = client(cast.north, by=cast.frontdesk, first="Robin")
    till.pay("10.00", client=str(twin.pk))
    merge = {"into": str(till.client.pk), "reason": "the same person"}
    cast.desk("director").must(f"clients/{twin.pk}/merge/", merge)
    assert done(state(till, client=str(twin.pk)), 201)["totals"]["balance"] == "20.00"
    both = {"locations": [cast.north.pk, cast.south.pk]}
    practice.save_location(location=cast.south, values={"ein": "987654321"}, by=cast.admin, at=NOW)
    for user in (cast.billing, cast.frontdesk):
        practice.save_staff(user=user, values=both, by=cast.admin, at=NOW)
    practice.save_client(client=till.client, values=both, by=cast.frontdesk, at=NOW)
    till.pay("5.00", location=str(cast.south.pk))
    refused(state(till), 400, "several_billing_providers", "/location")
    south = done(state(till, location=str(cast.south.pk)), 201)
    assert (south["billing_provider"]["ein"], south["totals"]["balance"]) == ("98-7654321", "-5.00")


# --- the receipt of a payment --------------------------------------------------------------------------------------


def test_a_payment_that_pays_nothing_yet_says_that_it_is_a_prepayment(till: Till) -> None:
    charge = till.charge(amount="80.00")
    payment = till.pay("100.00", (charge, "80.00"), reference="ending 4242")
    url = f"payments/{payment['id']}/receipt/"
    answer = done(till.desk.get(url), 200)
    assert (answer["amount"], answer["unallocated"], answer["refunded"]) == ("100.00", "20.00", "0.00")
    assert answer["lines"] == [
        {
            "charge": charge["id"],
            "date_of_service": "2026-05-18",
            "description": "counselling, a quarter hour",
            "amount": "80.00",
        }
    ]
    assert (answer["notice"], answer["client_name"]) == (PREPAID, till.client.legal_name)
    text = " ".join(told(till, f"{url}pdf/").split())
    for words in (PREPAID, "$20.00", "$80.00", "counselling, a quarter hour", "ending 4242", "05/20/2026"):
        assert words in text, words
    for clinical in ("90837", "F33"):
        assert clinical not in text + str(answer)
    further = till.charge(amount="20.00")
    share = {"allocations": [{"charge": further["id"], "amount": "20.00"}]}
    till.desk.must(f"payments/{payment['id']}/allocate/", share, status=200)
    assert done(till.desk.get(url), 200)["notice"] == ""
    assert PREPAID not in told(till, f"{url}pdf/")
    for action in ("payment.receipt", "payment.pdf"):
        assert events(action)[-1] == (till.cast.billing.pk, "ok", [till.client.pk])


def test_a_payment_that_was_taken_back_has_no_receipt(till: Till, cast: Cast) -> None:
    payment = till.pay("100.00")
    url = f"payments/{payment['id']}/receipt/"
    for who, status in (("director", 200), ("south_billing", 404), ("frontdesk", 403), ("np", 403)):
        assert cast.desk(who).get(url).status_code == status
        assert cast.desk(who).get(f"{url}pdf/").status_code == status
    reversal = till.desk.must(f"payments/{payment['id']}/reverse/", {"reason": "bounced"}, status=201)
    refused(till.desk.get(url), 409, "already_reversed")
    refused(till.desk.get(f"payments/{reversal['id']}/receipt/pdf/"), 409, "not_reversible")


def test_payments_name_the_client_as_on_papers(till: Till) -> None:
    payment = till.pay("1.00")
    assert payment["client_name"] == till.client.legal_name
    assert Decimal(payment["amount"]) == Decimal(1)
