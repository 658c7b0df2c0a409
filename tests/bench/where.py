"""Where the CPU time of a request goes: what each layer spends by itself, of all that Python does for it."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any
from uuid import uuid4
from wsgiref.util import setup_testing_defaults

import orjson

from tests.bench.jobs import Request

# What a file's path holds -> whose it is; the first that fits. What Python's own functions spend is their callers'.
LAYERS: Mapping[str, tuple[str, ...]] = {
    "to and from PostgreSQL (psycopg, cursors)": ("/psycopg", "/django/db/backends/", "/django/db/utils"),
    "SQL put together by Django": ("/django/db/models/sql/", "/django/db/models/expressions", "/lookups.py"),
    "rows as models, transactions": ("/django/db/", "/simple_history/"),
    "questions and lists compiled once": ("/core/asking.py", "/core/statements.py", "/core/http/lists.py"),
    "rows written, with their history": ("/core/writing.py", "/core/audited.py"),
    "Django REST framework": ("/rest_framework/",),
    "middleware, addresses, request and answer (Django)": (
        "/django/",
        "/asgiref/",
        "/whitenoise/",
        "/http/cookies",
    ),
    "the clinic's own views and rules": (
        "/kapclinic/",
        "/programs/",
        "/screening/",
        "/sessions/",
        "/billing/",
    ),
}
REST = "Python's library"
Function = tuple[str, int, str]
BENCH = "/tests/bench/"  # of who asks, not of the clinic
Application = Callable[[dict[str, Any], Callable[[str, list[tuple[str, str]]], object]], Any]


def layer_of(path: str) -> str | None:
    """Whose a file is; None for what belongs to nobody but who called it, as a function in C does."""
    if path == "~" or path.startswith("<"):
        return None
    return next((layer for layer, parts in LAYERS.items() if any(part in path for part in parts)), REST)


def answer(application: Application, request: Request) -> None:
    """One request, as a web server hands it on.

    :raises AssertionError: when it is refused
    """
    path, _, query = request.address.partition("?")
    sent = b"" if request.body is None else orjson.dumps(request.body)
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_AUTHORIZATION": f"Token {request.token}"}
    environ |= {"wsgi.input": BytesIO(sent), "HTTP_HOST": "127.0.0.1"}
    if request.same:
        environ["HTTP_IF_NONE_MATCH"] = request.same
    if sent:
        environ |= {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json"}
        environ |= {"CONTENT_LENGTH": str(len(sent)), "HTTP_IDEMPOTENCY_KEY": str(uuid4())}
    told: list[str] = []
    body = application(environ, lambda status, headers: told.append(status))
    for _ in body:
        pass
    body.close()
    assert told[0] < "4", told


def shares(application: Application, requests: Iterable[Request]) -> dict[str, float]:
    """What share of the CPU time of these requests each layer spends, the largest first."""
    profile = cProfile.Profile(time.process_time)
    for request in requests:
        profile.enable()
        answer(application, request)
        profile.disable()
    found: Counter[str] = Counter()
    # `stats` is what `pstats` prints from: function -> calls, recursive ones, seconds by itself, with all, callers.
    stats: dict[Function, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (path, _, _), (_, _, own, _, callers) in stats.items():
        if (layer := layer_of(path)) is not None:
            found[layer] += 0 if BENCH in path else own
            continue
        for (caller, _, _), (_, _, spent, _) in callers.items():
            found[layer_of(caller) or REST] += 0 if BENCH in caller else spent
    whole = sum(found.values())
    return {layer: spent / whole for layer, spent in found.most_common()} if whole else {}
