"""Somebody lost all that they prove themselves with: one person asks, another one approves, the owner is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.factor_models import FactorReset, RecoveryCode, SecondFactor
from kapclinic.practice.models import SYSTEM, Role, User
from kapclinic.trail.models import AuditEvent
from sessions.sweep.steps import send_messages
from tests.cast import MONDAY, PASSWORD, Cast, assemble, staff
from tests.cast.desk import Browser
from tests.practice.test_second_factors import with_app, with_passkey
from tests.racing import race

RESETS = "second-factor-resets/"


def _ask(cast: Cast, who: str = "admin", of: str = "therapist") -> dict[str, object]:
    body = {"user": str(cast.people[of].pk), "reason": "The telephone is lost"}
    return dict(cast.desk(who).must(RESETS, body, status=201))


def test_two_people_take_away_what_somebody_lost(cast: Cast) -> None:
    browser = cast.browser("therapist")
    _, codes = with_app(browser)
    with_passkey(browser)
    asked = _ask(cast)
    assert (asked["state"], asked["name"]) == ("asked", "Therapist")
    assert User.objects.get(pk=cast.therapist.pk).has_factor  # nothing has happened yet
    path = f"{RESETS}{asked['id']}/approve/"
    for who, status, why in (("admin", 403, "second_person_required"), ("np", 403, "not_permitted")):
        refused = cast.desk(who).post(path)
        assert (refused.status_code, refused.json()["code"]) == (status, why)
    done = cast.desk("director").must(path)
    assert (done["state"], done["decided_by"]) == ("approved", str(cast.director.pk))
    assert cast.desk("director").post(path).json()["code"] == "illegal_transition"
    assert not User.objects.get(pk=cast.therapist.pk).has_factor
    assert not SecondFactor.objects.filter(removed_at__isnull=True).exists()
    assert not RecoveryCode.objects.filter(replaced_at__isnull=True).exists()
    assert browser.get("auth/me/").status_code == 401  # the browser that was signed in by the lost one
    assert not AuthToken.objects.filter(user=cast.therapist, revoked_at__isnull=True).exists()
    assert Browser(cast.therapist).sign_in(PASSWORD).status_code == 200
    assert Browser(cast.therapist).sign_in(PASSWORD, otp=codes[0]).status_code == 200  # no more is asked
    for action, who in (("create", cast.admin), ("approve", cast.director)):
        acts = AuditEvent.objects.filter(
            action=f"second_factor_reset.{action}", created_by=who.pk, outcome="ok"
        )
        assert acts.exists()
    send_messages(at=MONDAY)
    told = [m for m in mail.outbox if m.to == ["therapist@example.test"] and "reset" in m.subject]
    assert len(told) == 1
    assert "telephone" not in told[0].body


def test_nobody_is_the_second_person_for_themselves(cast: Cast) -> None:
    second = staff("second_director", [Role.MEDICAL_DIRECTOR], cast.north)
    cast.people["second_director"] = second
    with_app(cast.browser("director"))
    with_app(cast.browser("therapist"))
    own = cast.desk("second_director").post(RESETS, {"user": str(second.pk), "reason": "Lost"})
    assert (own.status_code, own.json()["code"]) == (403, "second_person_required")
    assert cast.desk("np").post(RESETS, {"user": str(cast.therapist.pk), "reason": "x"}).status_code == 403
    none = cast.desk("admin").post(RESETS, {"user": str(cast.np.pk), "reason": "Lost"})
    assert (none.status_code, none.json()["code"]) == (409, "no_second_factor")
    unknown = cast.desk("admin").post(RESETS, {"user": str(cast.north.pk), "reason": "Lost"})
    assert unknown.json()["errors"][0]["pointer"] == "/user"
    asked = _ask(cast, "second_director")
    third = staff("third_director", [Role.MEDICAL_DIRECTOR], cast.north)
    cast.people["third_director"] = third
    two = cast.desk("third_director").post(f"{RESETS}{asked['id']}/approve/")
    assert two.json()["code"] == "second_person_required"  # two directors: no administrator knows of it
    again = cast.desk("admin").post(RESETS, {"user": str(cast.therapist.pk), "reason": "Lost"})
    assert (again.status_code, again.json()["code"]) == (409, "reset_asked")
    of_director = _ask(cast, "second_director", of="director")
    owner = cast.browser("admin")
    assert owner.post(f"{RESETS}{of_director['id']}/decline/").status_code == 200
    assert User.objects.get(pk=cast.director.pk).has_factor
    assert FactorReset.objects.get(pk=str(of_director["id"])).state == "declined"
    assert cast.desk("admin").must(f"{RESETS}{asked['id']}/approve/")["state"] == "approved"


def test_who_asked_and_left_since_stands_by_nothing(cast: Cast) -> None:
    second = staff("second_admin", [Role.ADMIN], cast.north)
    cast.people["second_admin"] = second
    with_app(cast.browser("therapist"))
    asked = _ask(cast, "second_admin")
    path, director = f"{RESETS}{asked['id']}/", cast.desk("director")
    for values in ({"is_active": False}, {"is_active": True, "roles": [Role.THERAPIST]}):
        practice.save_staff(user=second, values=values, by=cast.admin, at=MONDAY)
        for name in ("director", "admin"):  # nor is one person enough who is an administrator
            late = cast.desk(name).post(path + "approve/")
            assert (late.status_code, late.json()["code"]) == (403, "second_person_required")
    assert User.objects.get(pk=cast.therapist.pk).has_factor
    assert director.get(path).json()["state"] == "asked"
    assert director.must(path + "decline/")["state"] == "declined"
    assert cast.desk("admin").must(f"{RESETS}{_ask(cast, 'director')['id']}/approve/")["state"] == "approved"


def test_what_nobody_approved_in_two_days_is_expired_and_asked_anew(cast: Cast) -> None:
    with_app(cast.browser("therapist"))
    asked = _ask(cast)
    path, director = f"{RESETS}{asked['id']}/", cast.desk("director")
    with clock.fixed(MONDAY + timedelta(days=2)):
        assert director.get(path).json()["state"] == "asked"
    with clock.fixed(MONDAY + timedelta(days=2, seconds=1)):
        assert director.get(path).json()["state"] == "expired"
        for state, ids in (("asked", []), ("expired", [asked["id"]])):
            assert [row["id"] for row in director.get(RESETS, state=state).json()["results"]] == ids
        for verb in ("approve/", "decline/"):
            late = director.post(path + verb)
            assert (late.status_code, late.json()["code"]) == (409, "illegal_transition")
            assert late.json()["state"] == "expired"
        assert User.objects.get(pk=cast.therapist.pk).has_factor
        anew = _ask(cast)
        states = {
            row["id"]: (row["state"], row["decided_by"]) for row in director.get(RESETS).json()["results"]
        }
        assert states == {asked["id"]: ("expired", None), anew["id"]: ("asked", None)}
        with transaction.atomic(), connection.cursor() as cursor:  # too late, by whoever writes it
            cursor.execute(
                "UPDATE practice_user SET notes_sealed_at = now() WHERE id = %s", [cast.therapist.pk]
            )
            for decided_at in ("created_at + interval '49 hours'", "NULL"):
                with pytest.raises(DatabaseError, match="factor_reset_by_two"), transaction.atomic():
                    cursor.execute(
                        "UPDATE practice_factorreset SET state = 'approved', decided_by = %s,"
                        f" decided_at = {decided_at} WHERE id = %s",
                        [cast.director.pk, anew["id"]],
                    )
        cast.therapist.refresh_from_db()
        cast.therapist.is_active = False
        cast.therapist.save_by(SYSTEM, at=MONDAY)
        assert director.must(f"{RESETS}{anew['id']}/approve/")["state"] == "approved"


def test_whoever_changes_a_persons_factors_locks_the_person_first(cast: Cast) -> None:
    """Two that lock in different orders wait for each other until the database ends one of them (503)."""

    def locked(ask: Callable[[], object]) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            ask()
        told = [re.search(r'FROM "practice_(\w+)".* FOR ', one["sql"]) for one in captured]
        return list(dict.fromkeys(match[1] for match in told if match))

    browser = cast.browser("therapist")
    orders = {"confirm": locked(lambda: with_app(browser))}
    asked = _ask(cast)
    director = cast.desk("director")
    orders["decline"] = locked(lambda: director.must(f"{RESETS}{asked['id']}/decline/"))
    orders["ask"] = locked(lambda: asked.update(_ask(cast)))
    orders["approve"] = locked(lambda: director.must(f"{RESETS}{asked['id']}/approve/"))
    assert orders == {
        "confirm": ["user", "secondfactor"],
        "decline": ["user", "factorreset"],
        "ask": ["user", "factorreset"],
        "approve": ["user", "factorreset"],
    }


@pytest.mark.django_db(transaction=True)
def test_a_reset_that_is_approved_asked_anew_and_outrun_by_a_sign_in_has_one_outcome(now: datetime) -> None:
    """All at once: a second person approves, the administrator asks again, the owner signs in and takes their codes."""
    cast = assemble()
    admin, director = cast.desk("admin"), cast.desk("director")
    body = {"user": str(cast.therapist.pk), "reason": "Lost again"}
    for turn in range(1, 4):
        with clock.fixed(MONDAY + timedelta(minutes=2 * turn)):
            _, codes = with_app(cast.browser("therapist"))
        path = f"{RESETS}{_ask(cast)['id']}/approve/"
        asks = (
            lambda path=path: director.post(path),
            lambda: admin.post(RESETS, body),
            lambda shown=codes[0]: Browser(cast.therapist).sign_in(PASSWORD, otp=shown),
        )
        answers: dict[int, Any] = {}

        def at_once(
            n: int, ask: Callable[[], Any], answers: dict[int, Any] = answers, turn: int = turn
        ) -> None:
            with clock.fixed(MONDAY + timedelta(minutes=2 * turn + 1)):
                answers[n] = ask()

        assert race(*[partial(at_once, n, ask) for n, ask in enumerate(asks)]) == []
        approved, asked, signed_in = (answers[n] for n in range(3))
        assert approved.status_code == 200
        assert asked.json()["code"] in {"reset_asked", "no_second_factor"}
        # By the code before the reset, or with none asked for after it; one in the midst of it is asked to begin anew.
        assert signed_in.status_code in {200, 401}
        assert not User.objects.get(pk=cast.therapist.pk).has_factor
        assert not SecondFactor.objects.filter(removed_at__isnull=True).exists()
        assert [row.state for row in FactorReset.objects.all()] == ["approved"] * turn
