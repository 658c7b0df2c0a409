"""The token of a request is found by one statement that was compiled once: it tells what the models would."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice import services
from kapclinic.practice.auth import live_token
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.rules import token_digest
from tests.cast import MONDAY, Cast


def _fields(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("name", ["frontdesk", "np", "therapist", "admin", "south_prescriber"])
def test_it_tells_what_the_models_tell(cast: Cast, name: str) -> None:
    token, secret = services.issue_token(user=cast.people[name], name="bedside", at=MONDAY)
    found = live_token(token_digest(secret), at=MONDAY)
    asked = AuthToken.objects.select_related("user").get(pk=token.pk)
    assert found is not None
    assert _fields(found) == _fields(asked)
    with CaptureQueriesContext(connection) as captured:
        assert _fields(found.user) == _fields(asked.user)
        assert (found.user.role_set, found.user.location_ids) == (
            asked.user.role_set,
            asked.user.location_ids,
        )
    assert len(captured) == 0
    assert (found.user == asked.user, found.user._state.adding, found._state.db) == (True, False, "default")


def test_one_that_was_taken_back_or_never_given_is_nobodys(cast: Cast) -> None:
    token, secret = services.issue_token(user=cast.np, name="bedside", at=MONDAY)
    AuthToken.objects.filter(pk=token.pk).update(revoked_at=MONDAY)
    assert live_token(token_digest(secret), at=MONDAY) is None
    assert live_token(token_digest("nobody's"), at=MONDAY) is None
    assert live_token("", at=MONDAY) is None


def test_an_expired_one_and_that_of_who_has_left_let_nobody_in(cast: Cast) -> None:
    desk = cast.desk("np")
    assert desk.get("auth/me/").status_code == 200
    with clock.fixed(MONDAY + timedelta(days=31)):
        assert desk.get("auth/me/").status_code == 401
    services.save_staff(user=cast.np, values={"is_active": False}, by=cast.admin, at=MONDAY)
    assert desk.get("auth/me/").status_code == 401
