"""What `/readyz` tells a stranger, and what the administrator: which part fails, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from kapclinic.core import crypto
from kapclinic.trail import keys, rules
from kapclinic.trail.models import FieldKeyWord
from sessions.sweep import steps
from tests.cast import MONDAY, PASSWORD, Cast

OPEN = {
    "anchors",
    *("status", "database", "migrations", "broker", "failing"),
    *("last_sweep_seconds", "sweep_every_seconds", "steps"),
}
OTHER_KEY = "b3RoZXItY2xpbmljLWtleS1vdGhlci1jbGluaWMtITE="


@pytest.fixture(autouse=True)
def _trusted() -> Iterator[None]:
    yield
    crypto.distrust(lost=False)


def _ready(**headers: str) -> Any:
    return Client().get("/readyz", headers=headers).json()


def test_a_stranger_hears_which_part_fails_and_no_more(cast: Cast, settings: Any) -> None:
    settings.METRICS_TOKEN = "of-the-monitoring"
    steps.sweep(at=MONDAY)
    told = _ready()
    assert (set(told), told["status"], told["failing"]) == (OPEN, "ok", [])
    assert set(told["steps"]["checks"]) == {"age_seconds", "period_seconds"}
    for wrong in ("Bearer of-the-monitorin", "Bearer ", "Token of-the-monitoring", "of-the-monitoring"):
        assert set(_ready(Authorization=wrong)) == OPEN
    assert set(_ready(Authorization="Bearer of-the-monitoring")) == OPEN | {"partitions", "database_log"}
    settings.METRICS_TOKEN = ""  # an empty one lets nobody in
    assert set(_ready(Authorization="Bearer ")) == OPEN
    for person, sees_all in ((cast.admin, True), (cast.np, False)):
        browser = APIClient()
        body = {"email": person.email, "password": PASSWORD}
        assert browser.post("/api/v1/auth/login/", body).status_code == 200
        assert ("partitions" in browser.get("/readyz").json()) is sees_all


@pytest.mark.parametrize("name", list(rules.LOG_SETTINGS))
def test_a_database_that_would_write_rows_into_its_log_is_seen(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    settings.METRICS_TOKEN = "of-the-monitoring"
    steps.sweep(at=MONDAY)
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        (value,) = cursor.fetchone()
    monkeypatch.setitem(rules.LOG_SETTINGS, name, ("not what it is",))
    told = _ready(Authorization="Bearer of-the-monitoring")
    assert (told["status"], told["failing"]) == ("degraded", ["database_log"])
    assert told["database_log"] == {name: value}


def test_keys_of_another_clinic_are_seen_and_seal_nothing(cast: Cast, settings: Any) -> None:
    steps.sweep(at=MONDAY)
    keys.plant()
    keys.plant()  # each process that starts says so
    assert FieldKeyWord.objects.count() == 1
    right = list(settings.FIELD_KEYS)
    assert _ready()["failing"] == []

    settings.FIELD_KEYS = [OTHER_KEY]
    told = _ready()
    assert (told["status"], told["failing"]) == ("degraded", ["field_keys"])
    with pytest.raises(crypto.KeyMissing):
        crypto.seal(b"nobody could open it", aad=b"")
    with pytest.raises(crypto.KeyMissing):
        keys.reseal_word()

    settings.FIELD_KEYS = [OTHER_KEY, *right]  # the new key is put first
    assert _ready()["failing"] == []
    assert (keys.reseal_word(), keys.reseal_word()) == (1, 0)
    settings.FIELD_KEYS = [OTHER_KEY]
    assert _ready()["failing"] == []
    settings.FIELD_KEYS = right
    assert _ready()["failing"] == ["field_keys"]
