"""An account has one e-mail, however it is spelled: it is found, counted and kept apart from others by one key."""

from __future__ import annotations

import importlib
import random
import unicodedata
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from kapclinic.core.emails import email_key
from kapclinic.practice import doors
from kapclinic.practice.entry_models import LoginFailures
from kapclinic.practice.models import User
from tests.asking import refused, sql
from tests.cast import MONDAY, PASSWORD, Cast

LOGIN = "/api/v1/auth/login/"
PLAIN = "billing.sin@example.test"
# Other letters that some program takes for this one: its capital, full width, dotless and dotted i, Kelvin, long s.
LIKE = {"i": "iIıİｉ", "k": "kK\u212a", "s": "sSſ", "l": "lLｌ", "b": "bBｂ", ".": ".．", "@": "@＠"}
spellings = st.tuples(*(st.sampled_from(LIKE.get(ch, ch + ch.upper())) for ch in PLAIN)).map("".join)


def _log_in(email: str, password: str = "wrong", **headers: Any) -> Any:
    return APIClient().post(LOGIN, {"email": email, "password": password}, format="json", **headers)


@given(spellings, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
@settings(max_examples=300, deadline=None)
def test_every_spelling_has_one_key(spelled: str, form: Any) -> None:
    assert email_key(unicodedata.normalize(form, spelled)) == PLAIN
    assert email_key(f" \u200b{spelled}\u00ad ") == PLAIN


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_a_key_is_its_own_key_whatever_is_typed(text: str) -> None:
    key = email_key(text)
    assert email_key(key) == key
    assert {email_key(text.swapcase()), email_key(unicodedata.normalize("NFD", text))} <= {
        key,
        email_key(text.swapcase()),
    }
    assert email_key(key.upper()) in {key, email_key(key.upper().lower())}


def test_other_people_keep_keys_of_their_own() -> None:
    people = (
        "ana@example.test",
        "ann@example.test",
        "aña@example.test",
        "an.a@example.test",
        "ana@example.text",
    )
    assert len({email_key(email) for email in people}) == len(people)


def test_a_lock_holds_in_every_spelling(cast: Cast, settings: Any) -> None:
    """2^n spellings have one counter, and open or lock one account."""
    settings.LOGIN_ATTEMPTS = 6
    email, chance = cast.billing.email, random.Random(7)
    spelled = lambda: "".join(chance.choice(LIKE.get(ch, ch + ch.upper())) for ch in email)  # noqa: E731
    assert _log_in(spelled(), PASSWORD).status_code == 200
    assert [_log_in(spelled()).status_code for _ in range(6)] == [401] * 6
    assert LoginFailures.objects.count() == 1
    for again in (email, email.replace("i", "ı"), email.upper(), spelled(), spelled()):
        assert _log_in(again, PASSWORD).status_code == 429
    assert doors.login_locked_until(key=cast.billing.email_key, at=MONDAY) is not None
    assert LoginFailures.objects.count() == 1


@pytest.mark.parametrize("email", ["BILLING@example.test", "bıllıng@example.test", "billing@Example.test"])
def test_nobody_gets_an_account_of_the_same_email_in_another_spelling(cast: Cast, email: str) -> None:
    wanted = {"email": email, "name": "X", "roles": ["billing"], "locations": [], "kap_trained": False}
    before = list(User.objects.order_by("pk").values())
    refused(cast.desk("admin").post("staff/", wanted), 400, "taken", "/email")
    answer = cast.desk("admin").patch(f"staff/{cast.np.pk}/", {"email": email})
    refused(answer, 400, "taken", "/email")
    assert list(User.objects.order_by("pk").values()) == before


def test_an_account_that_is_renamed_is_found_by_its_new_name_alone(cast: Cast) -> None:
    assert (
        cast.desk("admin").patch(f"staff/{cast.np.pk}/", {"email": "Nadia@Example.test"}).status_code == 200
    )
    assert _log_in("np@example.test", PASSWORD).status_code == 401
    assert _log_in("nadia@example.test", PASSWORD).status_code == 200
    assert User.objects.get_by_natural_key("NADIA@example.test") == cast.np


@pytest.mark.parametrize(
    "change",
    [
        "email_key = 'somebody@example.test'",
        "email_key = ''",
        "email_key = email_key || ' '",
        "email = 'else@example.test'",
        "email = 'bılling@example.test', email_key = 'billing@example.test'",
    ],
)
def test_the_database_holds_the_key_to_its_email(cast: Cast, change: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(f"UPDATE practice_user SET {change} WHERE id = %s", cast.np.pk)


def test_the_migration_gives_every_account_its_key_and_names_two_that_are_one() -> None:
    fill = importlib.import_module("kapclinic.practice.migrations.0009_doors").fill
    kept: dict[int, str] = {}

    class Rows:
        """Two accounts, as a model of the migration shows them."""

        def __init__(self, *rows: tuple[int, str], pk: int | None = None) -> None:
            self.rows, self.pk = rows, pk

        _base_manager = property(lambda self: self)

        def get_model(self, *_: str) -> Rows:
            return self

        def order_by(self, *_: str) -> Rows:
            return self

        def values_list(self, *_: str) -> tuple[tuple[int, str], ...]:
            return self.rows

        def filter(self, *, pk: int) -> Rows:
            return Rows(*self.rows, pk=pk)

        def update(self, *, email_key: str) -> None:
            assert self.pk is not None
            kept[self.pk] = email_key

    fill(Rows((1, "Ana@Example.test"), (2, "bo@example.test")), None)
    assert kept == {1: "ana@example.test", 2: "bo@example.test"}
    with pytest.raises(RuntimeError, match="1 and 2"):
        fill(Rows((1, "ian@example.test"), (2, "ıan@example.test")), None)
