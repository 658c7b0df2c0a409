"""Every operation of the live schema, asked by every role of another location, and by nobody, about a row of ours.

No answer tells anything of it, none of them acts on it, and none fails: OWASP API1 (object level), API3 (properties)
and API5 (functions), also where the row is named in the body.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from inspect import signature
from typing import Any

import pytest
from rest_framework.response import Response

from kapclinic.core import scope
from kapclinic.practice.api.clients import ClientViewSet
from kapclinic.practice.models import ClientQuerySet, Role
from kapclinic.trail.management.commands.permissions_matrix import entries
from tests import cast as people
from tests.asking import sql
from tests.cast import MONDAY, Cast
from tests.security.bodies import Operation, Writer, operations

ROLES = (
    "south_frontdesk",
    "south_np",
    "south_therapist",
    "south_prescriber",
    "south_billing",
    "south_director",
    "south_admin",
)
ENOUGH = 121  # operations; more would show nothing else
PLANTED = "planted heron words"
NOBODY = "01900000-0000-7000-8000-00000000dead"
# What belongs to the practice and not to a location, and what is the caller's own: whoever has the role may write it.
SHARED = (
    "auth/", "break-glass/", "calendar-feeds/", "calendars/", "consent-documents/", "fees/", "imports/", "legal-rules/", "locations/",
    "packages/", "payers/", "phrases/", "protocols/", "rooms/", "service-codes/", "sliding-scales/", "staff/", "reminder-plans/",
)  # fmt: skip
# Tables that a stranger's own writes may change.
OWN = re.compile(r"authtoken|trail_|loginfailures|breakglass|session$|idempotency|sequence")


@cache
def _open_to() -> dict[str, frozenset[str]]:
    """operation -> who of the cast may ask it, by their role; nobody where it needs no login"""
    return {
        f"{entry.method} {entry.route}": frozenset(people.PERSON[Role(role)] for role in entry.roles or ())
        for entry in entries()
    }


def _of_those(names: str, operation: Operation) -> list[str]:
    """The people among these who may, in their order: the others would be refused for their role."""
    return [name for name in names.split() if name in _open_to()[str(operation)]]


def _north(cast: Cast) -> dict[str, str]:
    """A clinic day at North with something at nearly every address; the rows by the name of a field."""
    session = people.signed_stock_dose(cast, "intramuscular", starts_at=MONDAY)
    client, program = str(session.client_id), str(session.program_id)
    known = {
        "client": client, "session": str(session.pk), "program": program, "location": str(cast.north.pk),
        "room": str(cast.aspen.pk), "user": str(cast.therapist.pk), "protocol": str(session.program.protocol_id),
        "therapist": str(cast.therapist.pk), "prescriber": str(cast.prescriber.pk), "into": client, "nobody": NOBODY,
        "password": people.PASSWORD,
    }  # fmt: skip
    cast.desk("therapist").must("psychotherapy-notes/", {"session": known["session"], "text": PLANTED})
    writer = Writer(known, PLANTED, (MONDAY + timedelta(hours=4)).isoformat())
    for operation in operations():  # whatever a first body makes
        if operation.method == "POST" and "{" not in operation.route.replace("{session_id}", ""):
            if operation.route.startswith(("auth/", "absences/", "break-glass/", "staff/", "locations/")):
                continue
            for role in _of_those("np therapist prescriber frontdesk billing director", operation):
                path = operation.route.replace("{session_id}", known["session"])
                if cast.desk(role).post(path, writer.body(operation)).status_code < 300:
                    break
    return known


def _ids(cast: Cast, known: dict[str, str]) -> dict[str, str]:
    """address below which a row's id stands -> such an id of North's."""
    found = {"clients/": known["client"], "programs/": known["program"], "sessions/": known["session"]}
    for operation in operations():
        if not operation.is_read or "{" in operation.route.replace("{session_id}", ""):
            continue
        for role in _of_those("director therapist prescriber billing", operation):
            query = Writer(known, "x", MONDAY.isoformat()).query(operation)
            answer = cast.desk(role).get(operation.route.replace("{session_id}", known["session"]), **query)
            rows = (
                answer.json().get("results", [])
                if answer.status_code == 200 and "json" in answer["Content-Type"]
                else []
            )
            if rows and isinstance(rows[0], dict) and "id" in rows[0]:
                found.setdefault(operation.route, rows[0]["id"])
                break
    return found


def _path(operation: Operation, known: dict[str, str], ids: dict[str, str]) -> str:
    """The address with the ids of North's rows in it, where there is one."""
    before, path = "", operation.route.replace("{session_id}", known["session"])
    shown = operation.route
    while match := re.search(r"\{(\w+)\}", path):
        before = shown[: shown.index("{" + match.group(1) + "}")]
        path = path.replace(match.group(0), ids.get(before, NOBODY), 1)
    return path


def _send(desk: Any, operation: Operation, path: str, writer: Writer, key: str) -> Any:
    if operation.is_read:
        return desk.get(path, **writer.query(operation))
    headers = {"HTTP_IDEMPOTENCY_KEY": key, "HTTP_IF_MATCH": '"1"'}
    send = getattr(desk.client, operation.method.lower())
    return send(f"/api/v1/{path}", writer.body(operation), format="json", **headers)


def _counts() -> dict[str, Any]:
    """Of each table how many rows it has, and what their versions add up to."""
    names = sql(
        "SELECT relname FROM pg_class WHERE NOT relispartition AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    told = {}
    for (name,) in names:
        if not OWN.search(name):
            has = sql(
                "SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'version'", name
            )
            told[name] = sql(f"SELECT count(*), {'sum(version)' if has else '0'} FROM {name}")
    return told


def _changed(before: dict[str, Any]) -> list[str]:
    after = _counts()
    return sorted(name for name in before if before[name] != after[name])


def _faults(
    who: str | None, operation: Operation, answer: Any, *, words: list[str], client: str
) -> list[str]:
    """What is wrong with an answer to somebody of another place, or to nobody (None), about a row of ours.

    `words` stand in our rows; the first of them also in the practice's own, which everybody of it may read.
    """
    told = answer.content.decode("latin-1") if not answer.streaming else ""
    theirs = words[1:] if operation.route.startswith(SHARED) else words
    if answer.status_code >= 500 or any(word in told for word in theirs):
        return [f"{who}: {operation}: {answer.status_code} {told[:200]}"]
    if not operation.is_read and answer.status_code < 300 and client in told:
        return [f"{who}: {operation} acts: {told[:200]}"]
    if who is None and answer.status_code not in {401, 404}:
        return [f"signed out: {operation}: {answer.status_code}"]
    return []


def test_nobody_of_another_place_reaches_a_row_of_ours_by_any_operation(cast: Cast) -> None:
    for name, role in (("south_director", Role.MEDICAL_DIRECTOR), ("south_admin", Role.ADMIN)):
        cast.people[name] = people.staff(name, [role], cast.south)
    known = _north(cast)
    ids = _ids(cast, known)
    asked = [
        (operation, _path(operation, known, ids))
        for operation in operations()
        if not operation.route.startswith("auth/")
    ]
    reached = sum(NOBODY not in path for _, path in asked if path.count("/") > 1)
    assert reached > 150, reached  # of all operations those that name a row which is there
    writer = Writer(known, PLANTED, (MONDAY + timedelta(hours=4)).isoformat())
    ours = [
        PLANTED,
        signature(people.client).parameters["first"].default,
        "303-555-0142",
        *(_mrn(known["client"])),
    ]
    wrong, before = [], _counts()
    for who in (*ROLES, None):
        desk = cast.desk(who) if who else people.Desk(None)
        for n, (operation, path) in enumerate(asked):
            if operation.route.startswith(SHARED) and not operation.is_read:
                continue
            answer = _send(desk, operation, path, writer, f"{who}-{n}")
            wrong += _faults(who, operation, answer, words=ours, client=known["client"])
    assert wrong == [], "\n".join(wrong)
    assert _changed(before) == []

    # the same requests, by colleagues there: they read and write, so what was refused was refused for the place alone
    assert len(_let_through(cast, asked, writer, enough=ENOUGH)) == ENOUGH


def _let_through(cast: Cast, asked: list[tuple[Operation, str]], writer: Writer, *, enough: int) -> list[str]:
    """The operations that colleagues of the place carry out, up to `enough` of them; asked by those who may alone."""
    passed: list[str] = []
    for operation, path in asked:
        desks = map(cast.desk, _of_those("director prescriber therapist np", operation))
        if any(_send(desk, operation, path, writer, str(operation)).status_code < 300 for desk in desks):
            passed.append(str(operation))
        if len(passed) == enough:
            break
    return passed


def test_a_question_that_forgot_the_place_is_found(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge of the matrix has teeth: planted faults of a read, a write and a door are each told, and nothing else."""
    client = people.client(cast.north, by=cast.frontdesk)
    known = {"client": str(client.pk), "location": str(cast.north.pk)}
    writer = Writer(known, PLANTED, MONDAY.isoformat())
    ours = [PLANTED, client.legal_first_name, client.mrn]
    one = {str(operation): operation for operation in operations()}
    turns = iter(range(100))

    def found(who: str | None, name: str, path: str) -> list[str]:
        desk = cast.desk(who) if who else people.Desk(None)
        answer = _send(desk, one[name], path, writer, f"teeth-{next(turns)}")
        return _faults(who, one[name], answer, words=ours, client=known["client"])

    row = f"clients/{client.pk}/"
    reads, acts = ("south_np", "GET clients/{id}/", row), ("south_frontdesk", "PATCH clients/{id}/", row)
    signed_out = (None, "GET clients/", "clients/")
    for asked in (reads, acts, signed_out):
        assert found(*asked) == []
    with monkeypatch.context() as planted:
        planted.setattr(ClientQuerySet, "visible_to", lambda rows, user: rows)
        assert found(*reads) == found(*acts) == []  # the database stands behind it
        planted.setattr(scope, "_of", lambda user: "all:test")
        assert len(found(*reads)) == len(found(*acts)) == 1
        assert found(*signed_out) == []
    with monkeypatch.context() as planted:
        planted.setattr(ClientViewSet, "public", frozenset({"list"}))
        planted.setattr(ClientViewSet, "list", lambda *_, **__: Response([]))
        assert len(found(*signed_out)) == 1
    for asked in (reads, acts, signed_out):
        assert found(*asked) == []


def _mrn(client: str) -> tuple[str]:
    return (sql("SELECT mrn FROM practice_client WHERE id = %s", client)[0][0],)


def test_every_operation_of_the_schema_is_an_address_and_every_address_is_in_it() -> None:
    """Nothing undocumented answers (OWASP API9)."""
    live = {f"{entry.method} {entry.route}" for entry in entries()}
    assert {re.sub(r"\{token\}", "{token}", str(operation)) for operation in operations()} == live
