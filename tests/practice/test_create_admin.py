"""The first administrator of a new clinic, made on the server."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kapclinic.core import clock
from kapclinic.practice import services
from kapclinic.practice.management.commands import create_admin
from kapclinic.practice.models import SYSTEM, User
from kapclinic.trail.models import AuditEvent
from tests.cast import ADDRESS, MONDAY, Cast, Desk

GOOD = "violet-lantern-harbour-42"
EMAIL, NAME = "ada@clinic.example", "Ada Accounts"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with clock.fixed(MONDAY):
        yield


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAP_ADMIN_PASSWORD", GOOD)
    monkeypatch.setattr(create_admin, "getpass", _nobody_asks)


def _nobody_asks(prompt: str) -> str:
    raise AssertionError(f"asked for {prompt!r} although the environment says it")


def _make(email: str = EMAIL, name: str = NAME, **options: Any) -> str:
    out = StringIO()
    call_command("create_admin", email, name, stdout=out, **options)
    return out.getvalue()


def _refused(*words: str, match: str, **options: Any) -> None:
    before = User.objects.count()
    with pytest.raises(CommandError, match=match):
        _make(*words, **options)
    assert User.objects.count() == before


def test_the_first_administrator_signs_in_and_opens_the_first_location() -> None:
    said = _make()
    desk = Desk(None)
    login = desk.client.post("/api/v1/auth/login/", {"email": EMAIL, "password": GOOD}, format="json")
    assert login.status_code == 200
    assert (login.json()["roles"], login.json()["locations"]) == (["admin"], [])
    north = {"name": "North", "time_zone": "America/Denver", "phone": "303-555-0100", "opening_hours": []}
    made = Desk(User.objects.get()).must("locations/", north | {"address": ADDRESS})
    assert made["name"] == "North"
    assert EMAIL in said
    assert GOOD not in said


def test_the_account_and_its_audit_event_name_the_system() -> None:
    _make()
    user = User.objects.get()
    assert user.created_by == SYSTEM.pk
    event = AuditEvent.objects.get()
    assert (event.action, event.object_id, event.created_by) == ("staff.create", user.pk, SYSTEM.pk)


@pytest.mark.parametrize(
    ("password", "match"),
    [("short", "at least 12"), ("qwerty123456", "too common"), (EMAIL, "too similar")],
)
def test_a_weak_password_makes_nobody(monkeypatch: pytest.MonkeyPatch, password: str, match: str) -> None:
    monkeypatch.setenv("KAP_ADMIN_PASSWORD", password)
    _refused(match=match)
    assert not AuditEvent.objects.exists()


def test_without_the_variable_the_password_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAP_ADMIN_PASSWORD")
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return GOOD

    monkeypatch.setattr(create_admin, "getpass", ask)
    _make()
    assert len(prompts) == 2
    assert User.objects.get().check_password(GOOD)


def test_two_different_answers_make_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAP_ADMIN_PASSWORD")
    answers = iter([GOOD, GOOD + "!"])
    monkeypatch.setattr(create_admin, "getpass", lambda prompt: next(answers))
    _refused(match="differ")


def test_beside_an_active_administrator_one_must_ask_for_another(cast: Cast) -> None:
    _refused(match="--another")
    _make(another=True)
    assert User.objects.get(email=EMAIL).roles == ["admin"]


def test_an_administrator_who_was_never_let_in_does_not_count() -> None:
    closed = services.StaffFields(
        email="old@clinic.example", name="Old", roles=["admin"], locations=[], is_active=False
    )
    services.save_staff(user=None, values=closed, by=SYSTEM, at=clock.now())
    _make()
    assert User.objects.filter(email=EMAIL).exists()


def test_whoever_works_alone_begins_with_clinical_roles_too() -> None:
    _make(role=["prescriber", "medical_director", "prescriber"])
    assert User.objects.get().roles == ["admin", "prescriber", "medical_director"]
    _refused("b@clinic.example", NAME, match="medical director gives", another=True, role=["therapist"])


def test_an_e_mail_that_is_taken_is_refused_in_any_case(cast: Cast) -> None:
    _refused(cast.frontdesk.email.upper(), NAME, match="account already", another=True)


@pytest.mark.parametrize(("email", "name"), [("ada", NAME), ("", NAME), (EMAIL, "  "), (EMAIL, "x" * 121)])
def test_what_is_no_e_mail_or_no_name_is_refused(email: str, name: str) -> None:
    _refused(email, name, match="expected|not an e-mail")
