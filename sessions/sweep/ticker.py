"""The clock in every worker: a step that nobody asked for in time runs here, also while the broker is away.

Beat asks through the broker. When either is gone, the rows of `kapclinic/trail/turns.py` say so to whoever looks, and
every worker looks: one thread for the safety steps, which nothing may keep waiting, and one for the others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from celery import bootsteps
from django.conf import settings
from django.db import close_old_connections, connection

from kapclinic.core import clock
from kapclinic.trail import turns
from sessions.sweep import steps

logger = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
STOP_SECONDS = 5.0


def tick(*, safety: bool) -> list[str]:
    """Run what is overdue of the safety steps, or of the others; the names of those that ran."""
    late = timedelta(seconds=LOOK_SECONDS if safety else settings.SWEEP_SECONDS)
    names = [name for name, step in steps.all_steps().items() if step.safety is safety]
    ran = []
    for name in turns.overdue(names, at=clock.now(), grace=late):
        try:
            if steps.run_step(name, at=clock.now()):
                ran.append(name)
        except Exception as exc:
            logger.exception("sweep step %s failed: %s", name, type(exc).__name__)
    return ran


def keep_ticking(over: Event, *, safety: bool, tick: Callable[..., list[str]] = tick) -> None:
    """Look every second until it is `over`. A database that is away ends nothing: the next look finds it back.

    A step without its row never runs, and an older process may have taken the row away: about once a period each step
    gets it back.
    """
    due = 0.0
    while not over.wait(LOOK_SECONDS):
        close_old_connections()
        if time.monotonic() >= due and _came_through(lambda: turns.expect(at=clock.now())):
            due = time.monotonic() + settings.SWEEP_SECONDS
        _came_through(lambda: tick(safety=safety))
    connection.close()


def _came_through(look: Callable[[], object]) -> bool:
    try:
        look()
    except Exception as exc:  # noqa: BLE001 — this clock stops for nothing
        logger.warning("a look at the steps failed: %s", type(exc).__name__)
        return False
    return True


class Ticker(bootsteps.StartStopStep):
    """Starts with the worker, after its processes were forked and before it waits for the broker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **_: Any) -> None:
        self.over = Event()
        self.threads = [
            Thread(target=keep_ticking, args=(self.over,), kwargs={"safety": safety}, daemon=True)
            for safety in (True, False)
        ]
        super().__init__(worker)

    def start(self, worker: Any) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self, worker: Any) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(STOP_SECONDS)
