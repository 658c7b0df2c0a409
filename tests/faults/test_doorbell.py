"""The broker is only a doorbell: whatever is wrong with it, ringing costs a second at most and refuses nothing."""

from __future__ import annotations

import base64
import json
import logging
import time
import uuid
from collections.abc import Iterator

import pytest
from django.db import transaction
from redis import Redis

from kapclinic.celery import app
from kapclinic.core import doorbell
from kapclinic.local.valkey import Valkey

TASK = "sessions.schedule_integration"


@pytest.fixture
def broker(private_valkey: Valkey) -> Iterator[Valkey]:
    """This process rings at a broker of the test's own."""
    usual = app.conf.broker_url
    app.conf.broker_url = private_valkey.url()
    yield private_valkey
    app.conf.broker_url = usual


def ring() -> float:
    """Ring in a transaction that commits; the seconds that it took."""
    began = time.monotonic()
    with transaction.atomic():
        doorbell.ring(TASK, obligation_id=uuid.uuid4())
    return time.monotonic() - began


def waiting(broker: Valkey) -> int:
    with Redis.from_url(broker.url()) as client:
        return int(client.llen("celery"))


@pytest.mark.django_db(transaction=True)
def test_a_ring_is_heard_after_the_commit_and_carries_ids_only(broker: Valkey) -> None:
    with transaction.atomic():
        doorbell.ring(TASK, obligation_id=uuid.UUID(int=7))
        assert waiting(broker) == 0
    assert waiting(broker) == 1
    with Redis.from_url(broker.url()) as client:
        message = json.loads(client.lindex("celery", 0))
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    assert (message["headers"]["task"], args) == (TASK, [])
    assert kwargs == {"obligation_id": "00000000-0000-0000-0000-000000000007"}


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_does_not_ring(broker: Valkey) -> None:
    with transaction.atomic():
        doorbell.ring(TASK, obligation_id=uuid.uuid4())
        transaction.set_rollback(True)
    assert waiting(broker) == 0


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_costs_nothing_and_a_new_one_is_heard_at_once(
    broker: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    assert ring() < 1.5
    broker.kill()
    with caplog.at_level(logging.WARNING):
        assert ring() < 1.5
    assert [(row.name, row.levelname) for row in caplog.records] == [("kapclinic.core.doorbell", "WARNING")]
    broker.start()
    before = waiting(broker)
    ring()
    assert waiting(broker) == before + 1


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_hangs_costs_little(broker: Valkey) -> None:
    process = broker.process()
    assert process is not None
    process.suspend()
    try:
        assert ring() < 3
    finally:
        process.resume()
