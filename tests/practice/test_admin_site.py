"""Django's admin site: for the administrator alone, to look at."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from tests.cast import PASSWORD, Cast

PAGES = ["location", "room", "user", "workinghours", "timeoff"]


def _signed_in(cast: Cast, name: str) -> Browser:
    browser = Browser()
    body = {"email": getattr(cast, name).email, "password": PASSWORD}
    assert browser.post("/api/v1/auth/login/", body, content_type="application/json").status_code == 200
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


def test_its_own_forms_are_gone_and_lead_to_the_page_that_counts_wrong_passwords(cast: Cast) -> None:
    browser = _signed_in(cast, "admin")
    assert browser.get("/admin/login/?next=/admin/")["Location"] == "/sign-in?next=%2Fadmin%2F"
    assert (
        browser.post("/admin/login/", {"username": cast.admin.email, "password": PASSWORD}).status_code == 302
    )
    for page in ("password_change", "password_change/done"):
        answer = browser.post(f"/admin/{page}/", {"old_password": PASSWORD, "new_password1": "x" * 14})
        assert (answer.status_code, answer["Location"]) == (302, "/password")
    assert cast.admin.check_password(PASSWORD)


@pytest.mark.parametrize("lookup", ["password__startswith", "password__regex", "password"])
def test_no_address_tells_a_hash_letter_by_letter(cast: Cast, lookup: str) -> None:
    browser = _signed_in(cast, "admin")
    answers = [browser.get("/admin/practice/user/", {lookup: value}) for value in ("argon2", "nothing")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content
    assert browser.get("/admin/practice/user/", {"is_active__exact": "1"}).status_code == 200
