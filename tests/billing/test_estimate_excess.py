"""What is billed beyond an estimate: a warning from $300.00 on, refused from $400.00 unless the director says why."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.estimates.rules import Billed, Expected, excess
from billing.models import Charge
from sessions.course.services import merges
from tests.asking import done, refused
from tests.billing.test_adjustments import adjust, sums, try_to_adjust
from tests.billing.test_estimates import asked, issued, item, void
from tests.billing.till import NOW, SERVED, Till
from tests.cast import PLAIN, client

FROM = {"requested_at": "2026-05-04T18:00:00Z"}


def estimate(till: Till, amount: str = "100.00", **more: Any) -> dict[str, Any]:
    """An hour of the therapist's, issued before it took place."""
    return issued(till, item(till, amount=amount, quantity=1), **(FROM | more))


def post(till: Till, amount: str, who: str = "billing", **more: Any) -> Any:
    shape = {"session": str(till.hour.pk), "code": PLAIN, "units": 1, "amount": amount}
    return till.cast.desk(who).post("charges/", shape | more)


def codes(answer: dict[str, Any]) -> list[str]:
    return [row["code"] for row in answer["warnings"]]


@pytest.mark.parametrize(
    ("amount", "status", "warned"),
    [
        ("100.00", 201, []),
        ("399.99", 201, []),
        ("400.00", 201, ["estimate_excess"]),
        ("499.99", 201, ["estimate_excess"]),
        ("500.00", 409, None),
        ("500.01", 409, None),
    ],
)
def test_the_cent_decides(till, amount, status, warned):
    estimate(till)
    answer = done(post(till, amount), status)
    if warned is not None:
        assert codes(answer) == warned
    else:
        over = f"{Decimal(amount) - 100:.2f}"
        shown = {
            "rendering": str(till.cast.therapist.pk),
            "billed": amount,
            "estimated": "100.00",
            "over": over,
        }
        assert (answer["code"], answer["excess"]) == ("estimate_exceeded", shown)
    assert Charge.objects.count() == (status == 201)


def test_charges_add_up_and_a_reversed_one_is_none(till):
    made = estimate(till)
    first = done(post(till, "300.00"), 201)
    assert "estimate_excess" not in codes(first)
    second = done(post(till, "199.99"), 201)
    assert "estimate_excess" in codes(second)
    refused(post(till, "0.01"), 409, "estimate_exceeded")
    till.pay("300.00", (first, "300.00"))
    shown = till.desk.get(f"estimates/{made['id']}/").json()["excess"]
    assert shown == [
        {
            "rendering": str(till.cast.therapist.pk),
            "billed": "499.99",
            "estimated": "100.00",
            "over": "399.99",
        }
    ]
    till.desk.must(f"charges/{second['id']}/reverse/", {"reason": "wrong code"}, status=201)
    done(post(till, "0.01"), 201)
    assert till.desk.get(f"estimates/{made['id']}/").json()["excess"][0]["billed"] == "300.01"


def test_the_director_passes_it_with_a_reason(till):
    estimate(till)
    reason = {"override_reason": "The client asked for a longer session and was told"}
    refused(post(till, "500.00", **reason), 403, "not_permitted")
    refused(post(till, "500.00", "director"), 409, "estimate_exceeded")
    assert not Charge.objects.exists()
    made = done(post(till, "500.00", "director", **reason), 201)
    assert codes(made) == ["estimate_excess"]
    refused(post(till, "1.00"), 409, "estimate_exceeded")  # the next one too


def test_an_adjustment_goes_round_no_estimate(till):
    estimate(till)
    charge = done(post(till, "300.00"), 201)
    lower = adjust(till, charge, "-200.00", "courtesy")
    adjust(till, charge, "399.99", "correction")  # 499.99 against 100.00
    refused(try_to_adjust(till, charge, "0.01", "correction"), 409, "estimate_exceeded")
    taken_back = f"adjustments/{lower['id']}/reverse/", {"reason": "No courtesy after all"}
    refused(till.desk.post(*taken_back), 409, "estimate_exceeded")
    assert sums(till, charge) == ("300.00", "199.99", "0.00", "499.99")
    director = till.cast.desk("director")
    bare = {"charge": charge["id"], "amount": "0.01", "reason": "correction"}
    refused(director.post("adjustments/", bare), 409, "estimate_exceeded")  # who passes it says why
    done(director.post("adjustments/", bare | {"note": "Told before the session"}), 201)
    done(director.post(*taken_back), 201)
    adjust(till, charge, "-1.00", "courtesy")  # what lowers it is never held back
    assert sums(till, charge)[3] == "699.00"


def superseded(till: Till) -> None:
    issued(till, item(till, amount="1000.00", quantity=1), supersedes=estimate(till)["id"], **FROM)


def voided(till: Till) -> None:
    done(void(till, estimate(till)), 200)


def drafted(till: Till) -> None:
    asked(till, item(till, amount="100.00", quantity=1), **FROM)


def over(till: Till) -> None:
    estimate(till, to_date="2026-05-17")


def to_come(till: Till) -> None:
    estimate(till, from_date="2026-05-19")


def beside(till: Till) -> None:
    """Two estimates of the same days are one sum."""
    estimate(till)
    estimate(till, "500.00")


def of_another_course(till: Till) -> None:
    other = till.of(client(till.cast.north, by=till.cast.frontdesk, first="Other"))
    estimate(other)


@pytest.mark.parametrize("told", [superseded, voided, drafted, over, to_come, beside, of_another_course])
def test_what_does_not_bind_refuses_nothing(till, told):
    assert till.hour
    told(till)
    assert "estimate_excess" not in codes(done(post(till, "600.00"), 201))


def test_a_clinician_whom_it_does_not_name_is_told_of(till, cast):
    made = estimate(till)
    visit = till.dose()
    answer = done(
        till.desk.post(
            "charges/", {"session": str(visit.pk), "code": "99214", "units": 1, "amount": "450.00"}
        ),
        201,
    )
    assert "not_on_estimate" in codes(answer)
    assert till.desk.get(f"estimates/{made['id']}/").json()["excess"][0]["billed"] == "0.00"


def test_the_course_of_the_estimate_counts(till):
    assert till.hour
    made = estimate(till, program=str(till.program.pk))
    refused(post(till, "500.00"), 409, "estimate_exceeded")
    assert made["program"] == str(till.program.pk)


def test_an_estimate_under_the_other_registration_binds(till, cast):
    assert till.hour
    twin = client(cast.north, by=cast.frontdesk, first="Rob")
    estimate(till, client=str(twin.pk))
    merges.merge(client=twin, into_id=till.client.pk, reason="Same person", by=cast.director, at=NOW)
    refused(post(till, "500.00"), 409, "estimate_exceeded")


@pytest.mark.django_db(transaction=True)
def test_desks_that_charge_at_once_do_not_pass_together(till):
    estimate(till)
    assert till.hour
    shape = {"session": str(till.hour.pk), "code": PLAIN, "units": 1, "amount": "200.00"}
    answers = till.at_once(*[lambda own: own.desk.post("charges/", shape)] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]


# --- the rule alone ---------------------------------------------------------------------------------------------------

WHO = [UUID(int=n) for n in (1, 2)]
DAY = date(2026, 5, 18)
CENTS = st.integers(0, 100_000).map(lambda n: Decimal(n) / 100)
BILLED = st.builds(
    Billed, st.none(), st.integers(-3, 3).map(lambda n: DAY + timedelta(days=n)), st.sampled_from(WHO), CENTS
)


@given(billed=st.lists(BILLED, max_size=8), told=st.lists(st.tuples(st.sampled_from(WHO), CENTS), max_size=4))
def test_the_rule_sums_each_clinician_alone_in_the_days_of_the_estimate(billed, told):
    expected = [Expected("G", None, DAY, DAY + timedelta(days=2), who, amount) for who, amount in told]
    for who in WHO:
        found = excess(who, expected=expected, billed=billed)
        own = [amount for name, amount in told if name == who]
        if not own:
            assert found is None
            continue
        came = sum(row.amount for row in billed if row.rendering == who and 0 <= (row.on - DAY).days <= 2)
        assert found is not None
        assert (found.billed, found.estimated) == (came, sum(own))
        assert found.over == max(came - sum(own), 0)


def test_the_days_between_two_estimates_of_one_time_are_summed_whole():
    expected = [
        Expected("G-1", None, DAY, DAY + timedelta(days=5), WHO[0], Decimal(10)),
        Expected("G-2", None, DAY, DAY + timedelta(days=9), WHO[0], Decimal(20)),
    ]
    billed = [Billed(None, DAY + timedelta(days=9), WHO[0], Decimal(35))]
    found = excess(WHO[0], expected=expected, billed=billed)
    assert found is not None
    assert (found.billed, found.over) == (Decimal(35), Decimal(5))
    assert SERVED.date() == DAY
