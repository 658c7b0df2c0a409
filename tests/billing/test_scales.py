"""sliding-scales/ and fee-agreements/: what a client pays of the fee, taken off when a charge is posted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Adjustment, FeeAgreement, SlidingScale
from billing.scales.rules import stays_due
from kapclinic.core import money
from kapclinic.practice.models import SYSTEM
from tests.asking import done, refused
from tests.billing.test_adjustments import price, sums
from tests.billing.till import NOW, Till
from tests.cast import PERSON, PLAIN, client

Row = dict[str, Any]
TIERS = [{"name": "A", "percent": "33.33"}, {"name": "B", "percent": "60"}, {"name": "full", "percent": 100}]
CENTS = st.integers(0, 10**7).map(lambda n: Decimal(n) / 100)
PERCENTS = st.integers(0, 10**4).map(lambda n: Decimal(n) / 100)


def scale(till: Till, **body: Any) -> Any:
    shape = {"name": "By income", "valid_from": "2026-01-01", "tiers": TIERS}
    return till.desk.post("sliding-scales/", shape | body)


def try_to_agree(till: Till, on: Row, tier: str = "B", **body: Any) -> Any:
    shape = {
        "client": str(till.client.pk),
        "scale": on["id"],
        "tier": tier,
        "from_date": "2026-05-01",
        "to_date": "2026-12-31",
        "basis": "income below 200 % of the poverty line, letter seen",
    }
    return till.desk.post("fee-agreements/", shape | body)


@given(amount=CENTS, fee=st.none() | CENTS, percent=PERCENTS)
def test_what_stays_due_is_whole_cents_and_never_more_than_was_charged(
    amount: Decimal, fee: Decimal | None, percent: Decimal
) -> None:
    due = stays_due(amount=amount, fee=fee, percent=percent)
    assert money.ZERO <= due <= amount
    assert due == money.cents(due)
    if fee is None or amount >= fee:
        assert abs(due - amount * percent / 100) <= Decimal("0.005")
    again = stays_due(amount=due, fee=fee, percent=percent) if fee is not None and amount <= fee else due
    assert again == due  # what was entered with the reduction in it is not reduced again


def test_a_charge_is_reduced_by_the_agreement_of_its_day_and_keeps_its_numbers(till: Till) -> None:
    price("90837", "99.99")
    on = done(scale(till), 201)
    assert on["tiers"] == [
        {"name": "A", "percent": "33.33"},
        {"name": "B", "percent": "60.00"},
        {"name": "full", "percent": "100.00"},
    ]
    agreed = done(try_to_agree(till, on), 201)
    assert (agreed["tier"], agreed["percent"], agreed["status"]) == ("B", "60.00", "standing")
    charge = till.charge(amount="99.99")
    assert (charge["amount"], charge["adjustments"], charge["balance"]) == ("99.99", "-40.00", "59.99")
    (taken,) = till.desk.get(f"adjustments/?charge={charge['id']}").json()["results"]
    assert (taken["reason"], taken["agreement"], taken["percent"]) == ("sliding_scale", agreed["id"], "60.00")
    first = till.desk.get(f"sliding-scales/{on['id']}/").headers["ETag"]
    changed = till.desk.patch(f"sliding-scales/{on['id']}/", {"tiers": [{"name": "B", "percent": "90"}]})
    assert done(changed, 200)["tiers"] == [{"name": "B", "percent": "90.00"}]
    late = till.desk.patch(f"sliding-scales/{on['id']}/", {"name": "Other"}, match=first)
    assert late.status_code == 412
    assert sums(till, charge) == ("99.99", "-40.00", "0.00", "59.99")
    assert till.desk.get(f"fee-agreements/{agreed['id']}/").json()["percent"] == "60.00"
    paper = done(till.superbill(), 201)
    assert (paper["totals"]["charges"], paper["totals"]["balance"]) == ("59.99", "59.99")


def test_what_the_desk_entered_with_the_reduction_in_it_is_not_reduced_again(till: Till) -> None:
    price(PLAIN, "100.00")
    done(try_to_agree(till, done(scale(till), 201)), 201)
    for amount, taken in (("100.00", "-40.00"), ("80.00", "-20.00"), ("60.00", "0.00"), ("0.00", "0.00")):
        charge = till.charge(amount=amount, amount_reason="as was agreed")
        assert (charge["adjustments"], charge["amount"]) == (taken, amount)


@pytest.mark.parametrize(
    "days",
    [
        {"from_date": "2026-05-19"},
        {"to_date": "2026-05-17"},
        {"from_date": "2026-01-01", "to_date": "2026-01-01"},
    ],
)
def test_an_agreement_of_other_days_takes_nothing_off(till: Till, days: Row) -> None:
    done(try_to_agree(till, done(scale(till), 201), **days), 201)
    assert till.charge(amount="100.00")["adjustments"] == "0.00"


def test_an_agreement_that_was_voided_takes_nothing_off_and_what_it_took_stays(till: Till) -> None:
    agreed = done(try_to_agree(till, done(scale(till), 201), to_date=None), 201)
    before = till.charge(amount="100.00")
    url = f"fee-agreements/{agreed['id']}/"
    gone = till.desk.must(f"{url}void/", {"reason": "the letter was another client's"}, status=200)
    assert (gone["status"], gone["allowed_moves"], gone["void_reason"][:10]) == ("voided", [], "the letter")
    assert till.charge(amount="100.00")["adjustments"] == "0.00"
    assert sums(till, before) == ("100.00", "-40.00", "0.00", "60.00")
    refused(till.desk.post(f"{url}void/", {"reason": "again"}), 409, "already_void")
    refused(till.desk.patch(url, {"to_date": "2026-06-01"}), 409, "already_void")
    done(try_to_agree(till, {"id": agreed["scale"]}, "A"), 201)


def test_one_agreement_holds_at_a_time_of_one_person(till: Till, cast: Any) -> None:
    on = done(scale(till), 201)
    first = done(try_to_agree(till, on), 201)
    refused(try_to_agree(till, on, "A", from_date="2026-12-31", to_date=None), 409, "agreement_overlaps")
    twin = client(cast.north, by=cast.frontdesk, first="Robin")
    merge = {"into": str(till.client.pk), "reason": "the same person"}
    cast.desk("director").must(f"clients/{twin.pk}/merge/", merge)
    refused(try_to_agree(till, on, "A", client=str(twin.pk)), 409, "agreement_overlaps")
    url = f"fee-agreements/{first['id']}/"
    stale = till.desk.get(url).headers["ETag"]
    assert done(till.desk.patch(url, {"to_date": "2026-05-17"}), 200)["to_date"] == "2026-05-17"
    assert till.desk.patch(url, {"to_date": "2026-05-30"}, match=stale).status_code == 412
    refused(till.desk.patch(url, {"to_date": "2026-04-30"}), 400, "reversed", "/to_date")
    done(try_to_agree(till, on, "A", client=str(twin.pk), from_date="2026-05-18"), 201)
    refused(till.desk.patch(url, {"to_date": None}), 409, "agreement_overlaps")
    assert till.charge(amount="100.00")["adjustments"] == "-66.67"  # by the other registration's
    row = FeeAgreement.objects.get(pk=first["id"])
    assert row.history.count() == 2
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname != "id"}
    with pytest.raises(IntegrityError, match="fee_agreement_one_at_a_time"), transaction.atomic():
        FeeAgreement(**values | {"from_date": "2026-05-17", "to_date": None}).save_by(SYSTEM, at=NOW)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"client": "0198c0de-0000-7000-8000-000000000000"}, "/client", "not_found"),
        ({"scale": "0198c0de-0000-7000-8000-000000000000"}, "/scale", "not_found"),
        ({"tier": "Z"}, "/tier", "unknown_tier"),
        ({"from_date": "2025-12-31"}, "/from_date", "scale_not_in_force"),
        ({"to_date": "2026-04-30"}, "/to_date", "reversed"),
        ({"basis": ""}, "/basis", "blank"),
        ({"basis": "by 4242 4242 4242 4242"}, "/basis", "card_number"),
    ],
)
def test_an_agreement_that_cannot_be_is_refused_by_field(
    till: Till, body: Row, pointer: str, code: str
) -> None:
    refused(try_to_agree(till, done(scale(till), 201), **body), 400, code, pointer)
    assert not FeeAgreement.objects.exists()


@pytest.mark.parametrize(
    ("tiers", "pointer", "code"),
    [
        ([], "/tiers", "min_length"),
        ([{"name": "A", "percent": "100.01"}], "/tiers/0/percent", "max_value"),
        ([{"name": "A", "percent": "-1"}], "/tiers/0/percent", "min_value"),
        ([{"name": "A", "percent": "33.333"}], "/tiers/0/percent", "max_decimal_places"),
        ([{"name": "A", "percent": "1"}, {"name": "A", "percent": "2"}], "/tiers/1/name", "duplicate"),
    ],
)
def test_a_scale_that_cannot_be_is_refused_by_field(
    till: Till, tiers: list[Row], pointer: str, code: str
) -> None:
    answer = scale(till, tiers=tiers)
    if pointer == "/tiers":
        assert done(answer, 400)["errors"][0]["pointer"] == pointer
    else:
        refused(answer, 400, code, pointer)
    assert not SlidingScale.objects.exists()


def test_scales_and_agreements_are_billings_and_the_directors(till: Till, cast: Any) -> None:
    on = done(scale(till), 201)
    refused(scale(till), 409, "scale_taken")
    done(scale(till, valid_from="2027-01-01"), 201)
    assert [row["id"] for row in till.desk.get("sliding-scales/?on=2026-05-20").json()["results"]] == [
        on["id"]
    ]
    agreed = cast.desk("director").must("fee-agreements/", {
        "client": str(till.client.pk), "scale": on["id"], "tier": "A", "from_date": "2026-05-01", "basis": "letter seen",
    }, status=201)  # fmt: skip
    assert agreed["to_date"] is None
    for who in sorted(set(PERSON.values()) - {"billing", "director"}):
        for path in ("sliding-scales/", "fee-agreements/"):
            assert cast.desk(who).get(path).status_code == 403
            answer = refused(cast.desk(who).post(path, {}), 403, "not_permitted")
            assert "letter" not in str(answer)
        assert cast.desk(who).post(f"fee-agreements/{agreed['id']}/void/", {}).status_code == 403
    elsewhere = cast.desk("south_billing")
    assert elsewhere.get(f"fee-agreements/{agreed['id']}/").status_code == 404
    assert elsewhere.post(f"fee-agreements/{agreed['id']}/void/", {"reason": "not mine"}).status_code == 404
    refused(
        elsewhere.post("fee-agreements/", {
            "client": str(till.client.pk), "scale": on["id"], "tier": "A", "from_date": "2026-06-01", "basis": "x y z",
        }), 400, "not_found", "/client",
    )  # fmt: skip
    page = till.desk.get(f"fee-agreements/?client={till.client.pk}&on=2026-05-20&voided=false").json()
    assert [row["id"] for row in page["results"]] == [agreed["id"]]
    assert Adjustment.objects.count() == 0
