"""Ringing for the worker. The rows are the memory and the broker is only a doorbell: a lost ring costs one sweep.

Services ring by task name, after commit; with the broker down the request goes on as if nothing had happened.
"""

from __future__ import annotations

import logging
from functools import partial
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

logger = logging.getLogger(__name__)


def _send(name: str, ids: dict[str, str]) -> None:
    try:
        current_app.send_task(name, kwargs=ids, retry=False, ignore_result=True)
    except (OSError, OperationalError, RedisError) as exc:
        logger.warning("the broker did not take %s: %s", name, type(exc).__name__)


def ring(name: str, **ids: UUID) -> None:
    """Ask for the task `name` with ids only, once the present transaction has committed."""
    transaction.on_commit(partial(_send, name, {key: str(value) for key, value in ids.items()}), robust=True)
