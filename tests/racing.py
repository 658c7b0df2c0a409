"""Threads that are let go at once, each on a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def race(*work: Callable[[], Any]) -> list[BaseException]:
    """Run each on a thread of its own, all let go at once; what they raised."""
    barrier = threading.Barrier(len(work))
    raised: list[BaseException] = []

    def run(one: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=30)
            one()
        except BaseException as exc:  # noqa: BLE001  (told to the main thread)
            raised.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return raised
