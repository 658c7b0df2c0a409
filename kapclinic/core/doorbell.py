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

logger = logging.getLogger(__name__)
# One try of a second at most, over a connection of its own: the worker's options would wait, and a kept connection
# would not tell that the broker has been restarted.
ONCE = {"max_retries": 0, "socket_connect_timeout": 1, "socket_timeout": 1}


def _send(name: str, ids: dict[str, str]) -> None:
    connection = current_app.connection_for_write(transport_options=ONCE)
    refusals: tuple[type[BaseException], ...] = (
        OSError,
        OperationalError,
        *connection.recoverable_connection_errors,
    )
    try:
        with connection:
            current_app.send_task(name, kwargs=ids, connection=connection, retry=False, ignore_result=True)
    except refusals as exc:
        logger.warning("the broker did not take %s: %s", name, type(exc).__name__)


def ring(name: str, **ids: UUID) -> None:
    """Ask for the task `name` with ids only, once the present transaction has committed."""
    transaction.on_commit(partial(_send, name, {key: str(value) for key, value in ids.items()}), robust=True)
