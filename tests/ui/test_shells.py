"""Page shells: who is let in, what a browser may run, and that nothing of anybody stands in them."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest
from django.test import Client as Browser

from kapclinic.local import demo
from kapclinic.practice.models import Role
from kapclinic.ui.screens import HOMES, SCREENS
from tests.cast import PASSWORD, Cast

NAMES = {
    "frontdesk": Role.FRONT_DESK,
    "np": Role.NURSE_PRACTITIONER,
    "therapist": Role.THERAPIST,
    "prescriber": Role.PRESCRIBER,
    "billing": Role.BILLING,
    "director": Role.MEDICAL_DIRECTOR,
    "admin": Role.ADMIN,
}


def signed_in(cast: Cast, name: str) -> Browser:
    browser = Browser()
    body = {"email": getattr(cast, name).email, "password": PASSWORD}
    assert browser.post("/api/v1/auth/login/", body, content_type="application/json").status_code == 200
    return browser


def _address(address: str) -> str:
    return "/" + re.sub("<uuid:[a-z]+>", str(uuid4()), address)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_a_stranger_is_sent_to_sign_in_and_comes_back(db: None, screen: object) -> None:
    address = _address(screen.address)  # type: ignore[attr-defined]
    answer = Browser().get(address)
    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in?next={address.replace('/', '%2F')}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_a_shell_opens_to_its_roles_alone(cast: Cast, screen: object, name: str) -> None:
    answer = signed_in(cast, name).get(_address(screen.address))  # type: ignore[attr-defined]
    mine = NAMES[name] in screen.roles  # type: ignore[attr-defined]
    assert answer.status_code == (200 if mine else 403)
    assert (b'id="app"' in answer.content) is mine


@pytest.mark.parametrize("name", NAMES)
def test_the_front_door_leads_to_a_page_that_opens(cast: Cast, name: str) -> None:
    browser = signed_in(cast, name)
    answer = browser.get("/")
    homes = dict(HOMES)
    assert answer["Location"] == homes.get(NAMES[name], "/api/v1/docs/")
    assert browser.get(answer["Location"]).status_code == 200


def test_the_demo_prints_the_address_that_each_role_starts_at() -> None:
    assert {str(role): address for role, address in HOMES} == demo.SCREENS


def test_a_stranger_at_the_door_signs_in(db: None) -> None:
    assert Browser().get("/")["Location"] == "/sign-in"


@pytest.mark.parametrize(
    "page", ["/bedside", "/sign-in", "/password", "/second-factors", "/people", "/api/v1/docs/"]
)
def test_every_page_names_what_it_may_run(cast: Cast, page: str) -> None:
    answer = signed_in(cast, "admin" if page == "/people" else "np").get(page)
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert answer.status_code == 200
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["frame-ancestors"] == "'none'"
    assert ("'unsafe-inline'" in policy["style-src"]) is (page == "/api/v1/docs/")


@pytest.mark.parametrize("name", ["", "admin", "np"])
def test_there_is_no_other_way_in_than_the_screens(cast: Cast, name: str) -> None:
    """Whoever asks for the admin site of Django is told that there is none, signed in or not."""
    browser = signed_in(cast, name) if name else Browser()
    for page in ("", "login/", "practice/user/", "jsi18n/", f"practice/user/{cast.np.pk}/change/"):
        assert browser.get(f"/admin/{page}").status_code == 404, page
        assert browser.post(f"/admin/{page}", {"username": cast.admin.email}).status_code in {403, 404}, page


def test_no_answer_of_the_api_may_be_kept(cast: Cast) -> None:
    browser = signed_in(cast, "np")
    for path in ("auth/me/", "clients/", f"monitoring-board/?location={cast.north.pk}", "tasks/", "nowhere/"):
        assert "no-store" in browser.get(f"/api/v1/{path}")["Cache-Control"], path
    assert "no-store" in Browser().get("/api/v1/clients/")["Cache-Control"]


def test_a_shell_holds_nothing_of_anybody(cast: Cast) -> None:
    browser = signed_in(cast, "np")
    first, second = (browser.get(f"/bedside/sessions/{uuid4()}") for _ in range(2))
    assert first.content == second.content
    for word in (cast.np.name, cast.np.email, cast.north.name):
        assert word.encode() not in first.content


@pytest.mark.parametrize(
    ("header", "cookie", "lang"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "", "es"),
        ("de-DE,de;q=0.9,es;q=0.5,en;q=0.8", "", "en"),
        ("fr, es;q=0.1", "", "es"),
        ("es", "en", "en"),
        ("en", "es", "es"),
        ("nonsense;;;q=x, \u00e9", "xx", "en"),
        ("", "", "en"),
    ],
)
def test_a_page_speaks_the_browsers_language_until_somebody_chooses(
    db: None, header: str, cookie: str, lang: str
) -> None:
    browser = Browser(headers={"accept-language": header})
    if cookie:
        browser.cookies["kap_lang"] = cookie
    text = browser.get("/sign-in").content.decode()
    assert f'<html lang="{lang}"' in text
    assert ("/words/es/frame.js" in text) is (lang == "es")


def test_a_page_asks_for_all_of_its_modules_at_once(cast: Cast) -> None:
    text = signed_in(cast, "np").get("/bedside").content.decode()
    for part in ("vendor/preact.js", "js/core/api.js", "js/outbox/disk.js", "js/frame/menu.js"):
        assert f'rel="modulepreload" href="/static/ui/{part}"' in text


def test_the_worker_keeps_what_the_bedside_needs_and_no_answer(db: None) -> None:
    answer = Browser().get("/sw.js")
    files = json.loads(re.search(r"FILES = (\[.*?\]);", answer.content.decode())[1])  # type: ignore[index]
    assert {
        "/static/ui/js/bedside/session.js",
        "/static/ui/css/bedside.css",
        "/static/ui/vendor/htm.js",
    } <= set(files)
    assert not [path for path in files if not path.startswith("/static/ui/")]
    assert not re.search("__[A-Z]+__", answer.content.decode())


def test_a_tablet_can_put_the_bedside_on_its_home_screen(db: None) -> None:
    answer = Browser().get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    assert answer.json()["start_url"] == "/"
