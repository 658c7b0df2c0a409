"""The connections that a thread of the web holds: looked after at the beginning and the end of each request.

Django asks for every connection of every thread by its alias, four times a request; here each thread knows its own.
"""

from __future__ import annotations

from threading import local
from typing import Any
from weakref import WeakKeyDictionary

from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries


class _Held(local):
    def __init__(self) -> None:
        self.connections: list[Any] = []


_held = _Held()


def note(connection: Any) -> None:
    """This thread has one more."""
    _held.connections.append(connection)


def look_after(**_: Any) -> None:
    """Let go of what is broken or too old, as Django does, and forget which statements were noted."""
    for connection in _held.connections:
        connection.queries_log.clear()
        connection.close_if_unusable_or_obsolete()


def by_thread() -> None:
    """Keep the connections of this process by thread, as they are wherever no event loop runs.

    Django asks for one at each look at `connection`, fifty times a booking, and whether a loop runs each time.
    """
    before: Any = connections._connections  # type: ignore[attr-defined]  # noqa: SLF001
    if isinstance(before, local):
        return
    kept = local()
    for alias in connections:
        if hasattr(before, alias):
            setattr(kept, alias, getattr(before, alias))
    connections._connections = kept  # type: ignore[attr-defined]  # noqa: SLF001


def instead() -> None:
    """From here on so, in this process. Who hears of a request is looked up once.

    No cache is kept, so none is closed; no request has addresses of its own, so none are put back.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
        signal.connect(look_after)
    request_started.disconnect(reset_queries)
    request_finished.disconnect(close_caches)
    request_finished.disconnect(reset_urlconf)
    for signal in (request_started, request_finished):
        signal.use_caching, signal.sender_receivers_cache = True, WeakKeyDictionary()
