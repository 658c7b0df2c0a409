"""Idempotency-Key: a repeat is answered and never acts twice (R11)."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from kapclinic.core import clock, crypto
from kapclinic.practice import services as practice
from kapclinic.practice.api.clients import ClientViewSet
from kapclinic.practice.models import SYSTEM, Client, User
from kapclinic.trail import answers
from kapclinic.trail import services as trail
from kapclinic.trail.models import IdempotencyRecord
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import ADDRESS, MONDAY, Cast
from tests.racing import race
from tests.sessions.booking.desk import TUESDAY, body


def _client(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "legal_first_name": "Robin",
        "legal_last_name": "Sample",
        "date_of_birth": "1985-03-02",
        "administrative_sex": "X",
        "phone": "303-555-0142",
        "address": ADDRESS,
        "locations": [str(cast.north.pk)],
    } | more


# --- a repeat --------------------------------------------------------------------------------------------


def test_a_repeat_is_answered_with_the_first_answer(cast: Cast) -> None:
    front, wanted = cast.desk("frontdesk"), body(cast, people.opened_program(cast))
    first = front.post("sessions/", wanted, key="the-same")
    again = front.post("sessions/", wanted, key="the-same")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content  # byte by byte
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert Session.objects.count() == 1


def test_a_move_is_not_made_twice(cast: Cast) -> None:
    front = cast.desk("frontdesk")
    session = front.must("sessions/", body(cast, people.opened_program(cast)))
    path = f"sessions/{session['id']}/cancel/"
    first = front.post(path, {"reason": "Ill"}, key="k")
    again = front.post(path, {"reason": "Ill"}, key="k")
    assert (again.status_code, again.json()) == (200, first.json())
    assert Session.objects.get(pk=session["id"]).version == 2
    assert front.post(path, {"reason": "Ill"}, key="another").status_code == 409


def test_without_a_key_every_post_acts(cast: Cast) -> None:
    for _ in range(2):
        assert cast.desk("frontdesk").post("clients/", _client(cast), key=None).status_code == 201
    assert Client.objects.count() == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"chosen_name": "Rob"}, id="another field"),
        pytest.param({"phone": "303-555-0143"}, id="another value"),
        pytest.param({"date_of_birth": "1985-03-03"}, id="a day later"),
    ],
)
def test_another_body_with_a_used_key_is_refused(cast: Cast, other: dict[str, Any]) -> None:
    front = cast.desk("frontdesk")
    front.must("clients/", _client(cast), key="k")
    answer = front.post("clients/", _client(cast, **other), key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Client.objects.count() == 1


def test_a_key_belongs_to_one_user_one_address(cast: Cast) -> None:
    cast.desk("frontdesk").must("clients/", _client(cast), key="k")
    cast.desk("np").must("clients/", _client(cast), key="k")
    program = people.opened_program(cast)
    cast.desk("frontdesk").must("sessions/", body(cast, program), key="k")
    session = cast.desk("frontdesk").must(
        "sessions/", body(cast, program, start=TUESDAY.replace(hour=20)), key="k2"
    )
    cast.desk("frontdesk").must(f"sessions/{session['id']}/cancel/", {"reason": "Ill"}, key="k")
    assert IdempotencyRecord.objects.filter(key="k").count() == 4


def test_a_refusal_frees_the_key(cast: Cast) -> None:
    front = cast.desk("frontdesk")
    assert front.post("clients/", _client(cast, date_of_birth="2999-01-01"), key="k").status_code == 400
    answer = front.post("clients/", _client(cast), key="k")
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers


@pytest.mark.parametrize("key", ["", "x" * 256, "two\tparts", "café", "\x7f"])
def test_a_key_is_short_printable_text(cast: Cast, key: str) -> None:
    client = cast.desk("frontdesk").client
    answer = client.post("/api/v1/clients/", _client(cast), format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert answer.status_code == 400, answer.content
    assert not Client.objects.exists()


def test_only_a_mark_of_the_body_is_kept(cast: Cast) -> None:
    cast.desk("frontdesk").must("clients/", _client(cast, legal_last_name="Unmistakable"), key="k")
    record = IdempotencyRecord.objects.get(key="k")
    assert len(record.body_hmac) == 64
    assert "address" not in record.path


def test_a_kept_answer_holds_no_text_of_the_record(cast: Cast) -> None:
    first = cast.desk("frontdesk").post("clients/", _client(cast, legal_last_name="Unmistakable"), key="k")
    row = IdempotencyRecord.objects.get(key="k")
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM trail_idempotencyrecord AS r WHERE key = 'k'")
        (kept,) = cursor.fetchone()
    assert "Unmistakable" not in kept
    assert "1985" not in kept
    assert answers.opened(row.answer, scope=vars(row)) == first.content
    with pytest.raises(crypto.Undecipherable):  # under another key's name it opens nothing
        answers.opened(row.answer, scope=vars(row) | {"key": "another"})
    for plain in ('{"id": "1", "note": "text"}', "[]", '{"note": "text"}'):
        with pytest.raises(IntegrityError, match="idempotency_sealed"), transaction.atomic():
            IdempotencyRecord.objects.filter(pk=row.pk).update(answer=json.loads(plain))


def test_a_new_field_key_keeps_every_answer(cast: Cast, settings: Any) -> None:
    front, wanted, (old,) = cast.desk("frontdesk"), _client(cast), settings.FIELD_KEYS
    first = front.post("clients/", wanted, key="k")
    new = base64.b64encode(bytes(range(32))).decode()
    settings.FIELD_KEYS = [new, old]
    assert (trail.reseal_answers(), trail.reseal_answers()) == (1, 0)
    settings.FIELD_KEYS = [new]
    again = front.post("clients/", wanted, key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert Client.objects.count() == 1


# --- where a key must be ---------------------------------------------------------------------------------

MONEY = ["payments/", "refunds/"]
REQUIRED = [
    *MONEY,
    "drug-entries/",
    "sessions/{session}/administrations/",
    "sessions/{session}/readings/",
]


@pytest.mark.parametrize("address", REQUIRED)
def test_money_drugs_doses_and_readings_need_a_key(cast: Cast, address: str) -> None:
    session = cast.desk("frontdesk").must("sessions/", body(cast, people.opened_program(cast), "dosing"))
    by = "billing" if address in MONEY else "np"
    answer = cast.desk(by).post(address.replace("{session}", session["id"]), {}, key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    named = cast.desk(by).post(address.replace("{session}", session["id"]), {}, key="k")
    assert named.json()["code"] != "idempotency_key_required"


# --- who may have the answer again -----------------------------------------------------------------------


def _change(user: User, **values: Any) -> None:
    for name, value in values.items():
        setattr(user, name, value)
    user.save_by(SYSTEM, at=clock.now())


def test_a_replay_is_refused_to_whoever_lost_the_location(cast: Cast) -> None:
    front = cast.desk("frontdesk")
    wanted = _client(cast)
    front.must("clients/", wanted, key="k")
    _change(cast.frontdesk, locations=[cast.south.pk])
    answer = front.post("clients/", wanted, key="k")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert b"Robin" not in answer.content


def test_a_replay_is_refused_to_whoever_lost_the_role(cast: Cast) -> None:
    wanted = body(cast, people.opened_program(cast))
    cast.desk("frontdesk").must("sessions/", wanted, key="k")
    _change(cast.frontdesk, roles=["billing"])
    answer = cast.desk("frontdesk").post("sessions/", wanted, key="k")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_a_replay_of_a_move_looks_at_the_row_again(cast: Cast) -> None:
    session = cast.desk("frontdesk").must("sessions/", body(cast, people.opened_program(cast)))
    path = f"sessions/{session['id']}/cancel/"
    cast.desk("frontdesk").must(path, {"reason": "Ill"}, key="k")
    _change(cast.frontdesk, locations=[cast.south.pk])
    assert cast.desk("frontdesk").post(path, {"reason": "Ill"}, key="k").status_code == 404


def test_a_replay_of_a_row_below_a_session_looks_at_the_session_again(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("vitals",))
    path = f"sessions/{session.pk}/readings/"
    reading = {"systolic": 120, "diastolic": 80, "heart_rate": 70, "measured_at": "2026-05-04T15:00:00Z"}
    cast.desk("np").must(path, reading, key="k")
    _change(cast.np, locations=[cast.south.pk])
    assert cast.desk("np").post(path, reading, key="k").status_code == 404


def test_a_deactivated_user_gets_no_replay(cast: Cast) -> None:
    wanted = _client(cast)
    cast.desk("frontdesk").must("clients/", wanted, key="k")
    _change(cast.frontdesk, is_active=False)
    assert cast.desk("frontdesk").post("clients/", wanted, key="k").status_code == 401


# --- at the same time ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_repeat_while_the_first_is_running_is_told_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = practice.issue_token(user=cast.frontdesk, name="race", at=clock.now())[1]
    wanted, inside, leave = _client(cast), threading.Event(), threading.Event()
    usual, answers = practice.save_client, []

    def slow(**values: Any) -> Any:
        inside.set()
        assert leave.wait(timeout=30)
        return usual(**values)

    def post() -> None:
        client = APIClient()
        headers = {"HTTP_AUTHORIZATION": f"Token {secret}", "HTTP_IDEMPOTENCY_KEY": "k"}
        with clock.fixed(MONDAY):
            answers.append(client.post("/api/v1/clients/", wanted, format="json", **headers))

    def post_then_let_go() -> None:
        try:
            assert inside.wait(timeout=30)
            post()
        finally:
            leave.set()

    with monkeypatch.context() as patch:
        patch.setattr(practice, "save_client", slow)
        assert race(post, post_then_let_go) == []
    second, first = answers
    assert (second.status_code, second.json()["code"]) == (409, "request_in_progress")
    assert first.status_code == 201
    post()
    assert answers[2].headers["Idempotency-Replayed"] == "true"
    assert answers[2].json() == first.json()
    assert Client.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_with_one_key_act_once(cast: Cast) -> None:
    secret = practice.issue_token(user=cast.frontdesk, name="race", at=clock.now())[1]
    wanted, answers = _client(cast), []

    def post() -> None:
        headers = {"HTTP_AUTHORIZATION": f"Token {secret}", "HTTP_IDEMPOTENCY_KEY": "k"}
        with clock.fixed(MONDAY):
            answers.append(APIClient().post("/api/v1/clients/", wanted, format="json", **headers))

    assert race(*[post] * 12) == []
    assert {answer.status_code for answer in answers} <= {201, 409}
    told = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(told) == Client.objects.count() == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "request_in_progress"
    }


def test_a_crash_in_the_work_keeps_no_answer(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    front = cast.desk("frontdesk")
    front.client.raise_request_exception = False
    usual = ClientViewSet.answer

    def crash(self: Any, row: Any, *, status: int = 200) -> Any:
        usual(self, row, status=status)
        raise ZeroDivisionError

    with monkeypatch.context() as patch, transaction.atomic():
        patch.setattr(ClientViewSet, "answer", crash)
        assert front.post("clients/", _client(cast), key="k").status_code == 500
    assert not Client.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    assert UUID(front.must("clients/", _client(cast), key="k")["id"])
    assert connection.in_atomic_block
