"""What tests ask of an answer and of the database."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pypdf
from django.db import connection
from django.db.models import Model

from kapclinic.trail.models import AuditEvent


def done(answer: Any, status: int) -> dict[str, Any]:
    """The body of an answer that has this status."""
    assert answer.status_code == status, answer.content
    body: dict[str, Any] = answer.json()
    return body


def refused(answer: Any, status: int, code: str, pointer: str | None = None) -> dict[str, Any]:
    """A problem with this status; `code` is its own, or that of the error at `pointer`."""
    body = done(answer, status)
    if pointer is None:
        assert body["code"] == code, body
    else:
        assert (pointer, code) in [(e["pointer"], e["code"]) for e in body.get("errors", [])], body
    return body


def pointers(answer: Any) -> set[str]:
    """The fields that a problem names."""
    return {error["pointer"] for error in answer.json().get("errors", [])}


def events(action: str) -> list[tuple[UUID, str, list[UUID]]]:
    """The audit events of an action: by whom, how it ended, whose record."""
    rows = AuditEvent.objects.filter(action=action).order_by("id")
    return [(row.created_by, row.outcome, row.clients) for row in rows]


def sql(statement: str, *params: Any) -> list[Any]:
    """The rows of a statement that goes past the models, as the app's own role of the database."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def rows_read(statement: str, *, but: str) -> dict[str, int]:
    """Table -> how many of its rows a statement takes up, when the planner does without `but` wherever it can."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL enable_{but} = off")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        (told,) = cursor.fetchone() or ("[]",)
        cursor.execute(f"SET LOCAL enable_{but} = on")
    found: Counter[str] = Counter()
    plans = [one["Plan"] for one in (json.loads(told) if isinstance(told, str) else told)]
    for plan in plans:  # which grows
        plans += plan.get("Plans", [])
        if "Relation Name" in plan:
            each = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
            found[plan["Relation Name"]] += round(each * plan["Actual Loops"])
    return dict(found)


def analyze(*tables: str) -> None:
    """Tell the planner what is committed in these tables. What it learns of itself, it learns at a moment of its own."""
    url = os.environ["KAP_SUPERUSER_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"ANALYZE {', '.join(tables)}")


def words_of(pdf: bytes) -> str:
    """What a paper says, page after page."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


@contextmanager
def as_superuser() -> Iterator[Any]:
    """A connection past every trigger: what an intruder with the keys of the database can do."""
    url = os.environ["KAP_SUPERUSER_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    with psycopg.connect(url, autocommit=True) as intruder:
        intruder.execute("SET session_replication_role = replica")
        yield intruder


def told_apart(rows: Iterable[Any]) -> list[Any]:
    """Rows by all that they hold, since two rows of a model are equal by their id alone."""
    return [
        {name: value for name, value in row.__dict__.items() if name != "_state"}
        if isinstance(row, Model)
        else row
        for row in rows
    ]
