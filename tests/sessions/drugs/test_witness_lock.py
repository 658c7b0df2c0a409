"""Guessing a witness's password: counted in the database although every request is refused, and locked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice.factor_models import SecondFactor
from kapclinic.trail.models import AuditEvent
from sessions.dosing.models import Administration
from sessions.drugs.models import DrugEntry, WitnessLock
from sessions.drugs.rules import after_wrong_password
from sessions.sweep.steps import all_steps
from tests import cast as people
from tests.cast import IM, MONDAY, PASSWORD, Cast, lot_of, weighed
from tests.practice.test_second_factors import OWN, code, with_app, with_passkey
from tests.racing import race
from tests.sessions.giving import attempt, stock

MINUTE = timedelta(minutes=1)
LIMITS = {"attempts": 5, "window": 15 * MINUTE, "lock": 15 * MINUTE}


@pytest.mark.parametrize(
    ("failed", "kept", "locked"),
    [
        ([], 1, None),
        ([0, 1, 2], 4, None),
        ([0, 1, 2, 3], 0, 29),
        ([-2, -1, 0, 1], 3, None),  # two are older than the window
    ],
)
def test_five_within_a_quarter_of_an_hour_lock_for_a_quarter_of_an_hour(
    failed: list[int], kept: int, locked: int | None
) -> None:
    moments = [MONDAY + n * MINUTE for n in failed]
    left, until = after_wrong_password(moments, at=MONDAY + 14 * MINUTE, **LIMITS)
    assert len(left) == kept
    assert until == (None if locked is None else MONDAY + locked * MINUTE)


def waste(cast: Cast, lot: Any, password: str, who: str = "prescriber") -> Any:
    body = {"lot": str(lot.pk), "kind": "waste", "amount_mg": "5", "reason": "broken"}
    named = {"user": str(cast.people[who].pk), "password": password}
    return cast.desk("np").post("drug-entries/", body | {"witness": named})


@pytest.mark.django_db(transaction=True)
def test_a_witness_whose_password_is_guessed_is_locked_and_the_others_are_not(now: Any) -> None:
    cast = people.assemble()
    lot = lot_of(cast)
    for _ in range(5):
        assert waste(cast, lot, "a guess").json()["code"] == "witness_invalid"
    locked = waste(cast, lot, PASSWORD)
    assert (locked.status_code, locked.json()["code"]) == (400, "witness_invalid")
    assert "locked until 15:15 UTC" in locked.json()["detail"]
    assert DrugEntry.objects.count() == 1
    events = AuditEvent.objects.filter(
        action="witness.verify", outcome="refused", object_id=cast.prescriber.pk
    )
    assert [row.detail["code"] for row in events.order_by("id")] == ["wrong"] * 5 + ["locked"]
    assert {row.created_by for row in events} == {cast.np.pk}
    assert waste(cast, lot, PASSWORD, "director").status_code == 201
    with clock.fixed(MONDAY + 15 * MINUTE):
        assert waste(cast, lot, PASSWORD).status_code == 201
    row = WitnessLock.objects.get(user=cast.prescriber)
    assert (row.failed_at, row.locked_until) == ([], None)


@pytest.mark.django_db(transaction=True)
def test_a_dose_with_a_locked_witness_is_not_recorded(now: Any) -> None:
    cast = people.assemble()
    session, lot = weighed(cast, IM), lot_of(cast)
    amounts = {"dose_mg": "40", "drawn_mg": "50", "given_mg": "40", "wasted_mg": "10"}
    for password in ["a guess"] * 5 + [PASSWORD]:
        named = {"user": str(cast.prescriber.pk), "password": password}
        answer = attempt(cast, session, **stock(lot, **amounts, witness=named))
        assert (answer.status_code, answer.json()["code"]) == (400, "witness_invalid")
    assert not Administration.objects.exists()
    assert DrugEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_guesses_that_race_are_no_more_than_guesses_in_a_row(settings: Any) -> None:
    settings.WITNESS_ATTEMPTS = 3
    cast = people.assemble()
    lot = lot_of(cast)
    desk = cast.desk("np")
    answers: list[str] = []
    race(*[lambda: answers.append(waste(cast, lot, "a guess").json()["detail"])] * 6)
    assert desk is cast.desk("np")
    assert sorted("locked" in detail for detail in answers) == [False] * 3 + [True] * 3


@pytest.mark.django_db(transaction=True)
def test_copies_of_one_request_ask_the_witness_once(now: Any) -> None:
    cast = people.assemble()
    lot = lot_of(cast)
    secret, _ = with_app(cast.browser("prescriber"))
    cast.desk("np")
    shown = {"user": str(cast.prescriber.pk), "password": PASSWORD}
    body = {"lot": str(lot.pk), "kind": "waste", "amount_mg": "5", "reason": "broken"}

    def copies(key: str, **more: str) -> list[tuple[int, str]]:
        answers: list[Any] = []
        sent = body | {"witness": shown | more}

        def send() -> None:
            with clock.fixed(MONDAY + MINUTE):
                answers.append(cast.desk("np").post("drug-entries/", sent, key=key))

        assert race(*[send] * 4) == []
        return sorted((one.status_code, one.json().get("code", "")) for one in answers)

    with clock.fixed(MONDAY + MINUTE):
        right = code(secret)
    told = copies("a", otp=right)
    assert (201, "") in told
    assert set(told) <= {(201, ""), (409, "request_in_progress")}
    assert DrugEntry.objects.filter(kind="waste").count() == 1
    assert WitnessLock.objects.get(user=cast.prescriber).failed_at == []
    assert not AuditEvent.objects.filter(action="witness.verify").exists()
    for key, wrong in (
        ("b", {"otp": right}),
        ("c", {"password": "a guess"}),
    ):  # another request: the code counted once
        assert set(copies(key, **wrong)) <= {(400, "witness_invalid"), (409, "request_in_progress")}
    assert len(WitnessLock.objects.get(user=cast.prescriber).failed_at) == 2
    assert DrugEntry.objects.filter(kind="waste").count() == 1


def test_what_was_refused_for_another_reason_asks_the_same_witness_no_second_code(cast: Cast) -> None:
    lot = lot_of(cast)
    secret, _ = with_app(cast.browser("prescriber"))
    body = {"lot": str(lot.pk), "kind": "waste", "amount_mg": "5000", "reason": "broken"}

    def kept(minutes: float) -> int:
        """How many prints a pass leaves at this moment."""
        all_steps()["old_answers"].work(at=MONDAY + minutes * MINUTE)
        return len(WitnessLock.objects.get(user=cast.prescriber).asked)

    with clock.fixed(MONDAY + MINUTE):
        body["witness"] = {"user": str(cast.prescriber.pk), "password": PASSWORD, "otp": code(secret)}
        for _ in range(2):
            refused = cast.desk("np").post("drug-entries/", body, key="too-much")
            assert refused.json()["code"] == "insufficient_stock"
        less = cast.desk("np").post("drug-entries/", body | {"amount_mg": "5"}, key="too-much")
        assert less.json()["code"] == "witness_invalid"  # another request, whatever its key
    assert kept(5.9) == 2
    with clock.fixed(MONDAY + 7 * MINUTE):
        late = cast.desk("np").post("drug-entries/", body, key="too-much")
        assert late.json()["code"] == "witness_invalid"
    with clock.fixed(MONDAY + 8 * MINUTE):
        cast.desk("np").post("drug-entries/", body, key="another")
    assert len(WitnessLock.objects.get(user=cast.prescriber).failed_at) == 3
    assert not DrugEntry.objects.filter(kind="waste").exists()
    assert [kept(minutes) for minutes in (11.9, 12, 13)] == [
        2,
        1,
        0,
    ]  # each goes by itself, none stays for good


def test_what_a_factor_answered_counts_no_more_once_it_is_removed(cast: Cast) -> None:
    lot = lot_of(cast)
    browser = cast.browser("prescriber")
    with_passkey(browser)
    secret, _ = with_app(browser)
    app = SecondFactor.objects.get(user=cast.prescriber, kind="totp")
    body = {"lot": str(lot.pk), "kind": "waste", "amount_mg": "5000", "reason": "broken"}

    def sent() -> str:
        return str(cast.desk("np").post("drug-entries/", body, key="too-much").json()["code"])

    with clock.fixed(MONDAY + MINUTE):
        body["witness"] = {"user": str(cast.prescriber.pk), "password": PASSWORD, "otp": code(secret)}
        assert [sent(), sent()] == ["insufficient_stock"] * 2
    with clock.fixed(MONDAY + 2 * MINUTE):
        assert browser.delete(f"{OWN}{app.pk}/").status_code == 204
        assert sent() == "witness_invalid"  # the telephone was lost: the passkey is what counts
    assert len(WitnessLock.objects.get(user=cast.prescriber).failed_at) == 1
