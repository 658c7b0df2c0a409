"""Django's admin site: for the administrator alone, to look at."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from tests.cast import PASSWORD, Cast

PAGES = ["location", "room", "user", "workinghours", "timeoff"]


def _signed_in(cast: Cast, name: str) -> Browser:
    browser = Browser()
    browser.post(
        "/admin/login/", {"username": getattr(cast, name).email, "password": PASSWORD, "next": "/admin/"}
    )
    return browser


def test_the_administrator_sees_accounts_rooms_and_locations(cast: Cast) -> None:
    browser = _signed_in(cast, "admin")
    assert browser.get("/admin/").status_code == 200
    for page in PAGES:
        assert browser.get(f"/admin/practice/{page}/").status_code == 200
    shown = browser.get(f"/admin/practice/user/{cast.therapist.pk}/change/")
    assert shown.status_code == 200
    assert b"argon2" not in shown.content
    assert browser.get(f"/admin/practice/user/{cast.therapist.pk}/history/").status_code == 200


def test_nothing_is_changed_there(cast: Cast) -> None:
    browser = _signed_in(cast, "admin")
    assert browser.get("/admin/practice/room/add/").status_code == 403
    before = cast.therapist.version
    browser.post(f"/admin/practice/user/{cast.therapist.pk}/change/", {"name": "Somebody else"})
    cast.therapist.refresh_from_db()
    assert (cast.therapist.name, cast.therapist.version) == ("Therapist", before)
    assert (
        browser.post(f"/admin/practice/user/{cast.therapist.pk}/delete/", {"post": "yes"}).status_code == 403
    )


@pytest.mark.parametrize("name", ["frontdesk", "np", "therapist", "prescriber", "billing", "director"])
def test_nobody_else_gets_in(cast: Cast, name: str) -> None:
    browser = _signed_in(cast, name)
    for address in ("/admin/", "/admin/practice/user/"):
        answer = browser.get(address)
        assert answer.status_code == 302
        assert "/admin/login/" in answer["Location"]


def test_the_admin_form_shares_the_lock_of_the_api(cast: Cast, settings: object) -> None:
    browser = Browser()
    wrong = {"username": cast.admin.email, "password": "wrong", "next": "/admin/"}
    for _ in range(settings.LOGIN_ATTEMPTS):  # type: ignore[attr-defined]
        browser.post("/admin/login/", wrong)
    assert browser.post("/admin/login/", wrong | {"password": PASSWORD}).status_code == 200
    assert browser.get("/admin/").status_code == 302
