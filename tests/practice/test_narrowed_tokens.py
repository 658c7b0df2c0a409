"""A token that is for some of its owner's roles and locations: it never does more, whatever they come to hold."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, transaction
from rest_framework.test import APIClient

from kapclinic.practice import services
from kapclinic.practice.auth import live_token
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.models import Client, Role, User
from kapclinic.practice.rules import token_digest
from kapclinic.trail.models import AuditEvent, BreakGlass
from sessions.imports.services.working import work_on
from tests import cast as people
from tests.asking import done, refused, sql
from tests.cast import MONDAY, Cast
from tests.cast.desk import Browser, Desk
from tests.sessions.calendars.reading import fetch
from tests.sessions.imports import lists

TOKENS = "auth/tokens/"


@pytest.fixture
def lead(cast: Cast) -> User:
    """A therapist who is billing and director as well, at both locations."""
    roles = [Role.THERAPIST, Role.BILLING, Role.MEDICAL_DIRECTOR]
    cast.people["lead"] = people.staff(
        "lead", roles, cast.north, kap_trained=True, locations=[cast.north.pk, cast.south.pk]
    )
    return cast.lead


def _by(secret: str) -> Desk:
    desk = Desk(None)
    desk.client = APIClient()
    desk.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return desk


def _made(browser: Browser, **narrowed: Any) -> Desk:
    return _by(browser.must(TOKENS, {"name": "narrow", **narrowed}, status=201)["token"])


def test_it_is_for_some_of_what_its_maker_has_and_shown_so(cast: Cast, lead: User) -> None:
    browser, south = cast.browser("lead"), str(cast.south.pk)
    body = {"name": "till", "roles": ["billing", "billing"], "locations": [south]}
    made = browser.must(TOKENS, body, status=201)
    assert (made["roles"], made["locations"]) == (["billing"], [south])
    whole = browser.must(TOKENS, {"name": "whole", "roles": None}, status=201)
    assert (whole["roles"], whole["locations"]) == (None, None)
    listed = {row["name"]: (row["roles"], row["locations"]) for row in browser.get(TOKENS).json()["results"]}
    assert listed == {"till": (["billing"], [south]), "whole": (None, None)}
    me = _by(made["token"]).get("auth/me/").json()
    assert (me["roles"], me["locations"], me["id"]) == (["billing"], [south], str(lead.pk))
    assert len(_by(whole["token"]).get("auth/me/").json()["locations"]) == 2

    for field, value, pointer, code in (
        ("roles", ["billing", "prescriber"], "/roles/1", "not_held"),
        ("roles", ["admin"], "/roles/0", "not_held"),
        ("roles", ["owner"], "/roles/0", "invalid_choice"),
        ("roles", [], "/roles", "empty"),
        ("locations", [south, str(uuid4())], "/locations/1", "not_found"),
        ("locations", [], "/locations", "empty"),
    ):
        refused(browser.post(TOKENS, {"name": "more", field: value}), 400, code, pointer)
    nurse = cast.browser("np").post(TOKENS, {"name": "more", "locations": [south]})
    refused(nurse, 400, "not_found", "/locations/0")
    assert not AuthToken.objects.filter(name="more").exists()


def test_whatever_is_asked_by_it_is_asked_by_so_much_of_a_person(cast: Cast, lead: User) -> None:
    here = people.client(cast.north, by=cast.frontdesk)
    there = people.client(cast.south, by=cast.south_frontdesk, first="Ash")
    browser = cast.browser("lead")
    whole = browser.must(TOKENS, {"name": "whole"}, status=201)["token"]
    assert done(_by(whole).get("clients/"), 200)["count"] == 2
    till = _made(browser, roles=["billing"], locations=[str(cast.south.pk)])
    assert [row["id"] for row in done(till.get("clients/"), 200)["results"]] == [str(there.pk)]  # R10
    event = AuditEvent.objects.filter(action="client.list").latest("id")
    assert (event.created_by, event.roles, event.clients) == (lead.pk, ["billing"], [there.pk])
    refused(till.get(f"clients/{here.pk}/"), 404, "not_found")
    for clinical in ("screenings/", "notes/", f"clients/{there.pk}/measures/", "lab-results/"):  # R13
        assert till.get(clinical).status_code in {403, 404}, clinical
    assert till.get("payments/").status_code == 200
    north = _made(browser, locations=[str(cast.north.pk)])
    assert [row["id"] for row in north.get("clients/").json()["results"]] == [str(here.pk)]
    moved = north.patch(f"clients/{here.pk}/", {"locations": [str(cast.south.pk)]})
    refused(moved, 400, "not_found", "/locations/0")

    # private notes, an address of one's calendar and a broken glass would each tell more than it may
    for path in ("psychotherapy-notes/", f"psychotherapy-notes/{uuid4()}/"):
        refused(north.get(path), 403, "session_required")
    refused(north.post("calendar-feeds/", {}), 403, "session_required")
    glass = {"client": str(there.pk), "reason": "Seizure in the waiting room"}
    refused(north.post("break-glass/", glass), 403, "session_required")
    assert not BreakGlass.objects.exists()
    assert _by(whole).get("psychotherapy-notes/").status_code == 200
    assert fetch(_by(whole).must("calendar-feeds/", {})["url"]).status_code == 200


def test_through_a_glass_that_its_owner_broke_it_reads_nothing(cast: Cast) -> None:
    there = people.client(cast.south, by=cast.south_frontdesk)
    desk = cast.desk("therapist")
    _, secret = services.issue_token(user=cast.therapist, name="x", roles=["therapist"], at=MONDAY)
    glass = {"client": str(there.pk), "reason": "Seizure in the waiting room"}
    made = desk.must("break-glass/", glass)["id"]
    assert desk.get(f"clients/{there.pk}/").status_code == 200
    refused(_by(secret).get(f"clients/{there.pk}/"), 404, "not_found")
    for path in ("break-glass/", f"break-glass/{made}/"):
        assert "Seizure" not in str(refused(_by(secret).get(path), 403, "session_required"))
    refused(_by(secret).post(f"break-glass/{made}/end/", {}), 403, "session_required")
    assert desk.get(f"clients/{there.pk}/").status_code == 200


def test_what_the_worker_does_for_it_is_done_where_it_is_for(cast: Cast) -> None:
    """A list that is brought in, and a run of superbills, reach no further than the token that asked for them."""
    both = {"locations": [cast.north.pk, cast.south.pk]}
    cast.people["chief"] = people.staff("chief", [Role.ADMIN, Role.BILLING], cast.north, **both)
    people.client(cast.south, by=cast.south_frontdesk, first="Ash")
    narrow = _made(cast.browser("chief"), locations=[str(cast.north.pk)])
    row = lists.person(cast, locations=str(cast.south.pk), legal_first_name="Ash", legal_last_name="Sample")
    shape = {"kind": "clients", "file": SimpleUploadedFile("list.csv", lists.table([row]))}
    key = {"HTTP_IDEMPOTENCY_KEY": "a list"}
    asked = done(narrow.client.post("/api/v1/imports/", shape, format="multipart", **key), 202)
    work_on(import_id=UUID(asked["id"]), at=MONDAY)
    told = done(narrow.get(f"imports/{asked['id']}/"), 200)
    assert (told["state"], told["warnings"]) == ("failed", [])
    assert [(error["pointer"], error["code"]) for error in told["errors"]] == [
        ("/rows/2/locations", "not_found")
    ]
    assert people_at(cast.south) == 1


def people_at(place: Any) -> int:
    return Client.objects.filter(locations__contains=[place.pk]).count()


def test_what_its_owner_loses_is_lost_to_it_and_what_they_gain_is_not_gained(cast: Cast, lead: User) -> None:
    north, south = str(cast.north.pk), str(cast.south.pk)
    browser = cast.browser("lead")
    both, one = _made(browser, locations=[north, south]), _made(browser, locations=[south])
    billing = _made(browser, roles=["billing"])
    path = f"staff/{lead.pk}/"
    done(cast.desk("admin").patch(path, {"locations": [north]}), 200)
    assert both.get("auth/me/").json()["locations"] == [north]
    assert billing.get("auth/me/").json()["locations"] == [north]
    assert one.get("auth/me/").status_code == 401  # nothing is left of what it was for
    third = people.location("West", "America/Denver")
    done(cast.desk("admin").patch(path, {"locations": [north, south, str(third.pk)]}), 200)
    assert both.get("auth/me/").json()["locations"] == [north, south]
    assert one.get("auth/me/").json()["locations"] == [south]
    sql(
        "UPDATE practice_user SET roles = '{therapist}' WHERE id = %s", lead.pk
    )  # past the verb that ends tokens
    assert billing.get("auth/me/").status_code == 401
    assert both.get("auth/me/").json()["roles"] == ["therapist"]


def test_its_view_of_the_account_is_never_saved_nor_the_token_widened(cast: Cast, lead: User) -> None:
    token, secret = services.issue_token(user=lead, name="x", roles=["billing"], at=MONDAY)
    found = live_token(token_digest(secret), at=MONDAY)
    assert found is not None
    assert (found.user.roles, found.user.is_narrowed) == (list(lead.roles), False)  # not narrowed yet
    desk = _by(secret)
    changed = {"old_password": people.PASSWORD, "new_password": "another battery, another staple"}
    assert desk.post("auth/password/", changed, key=None).status_code == 204  # which saves the account
    row = User.objects.get(pk=lead.pk)
    assert (set(row.roles), len(row.locations)) == (set(lead.roles), 2)
    row.is_narrowed = True
    before = User.objects.values().get(pk=lead.pk)
    with pytest.raises(RuntimeError, match="narrowed"):
        row.save_by(lead, at=MONDAY)
    assert User.objects.values().get(pk=lead.pk) == before
    for column in ("roles = NULL", "roles = '{billing,admin}'", "locations = NULL, roles = '{admin}'"):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            sql(f"UPDATE practice_authtoken SET {column} WHERE id = %s", token.pk)
    for column in ("roles", "locations"):
        with pytest.raises(IntegrityError, match=f"token_{column}"), transaction.atomic():
            AuthToken.objects.create(
                user=lead, name="none", digest=column, created_at=MONDAY, expires_at=MONDAY, **{column: []}
            )
