"""No question about a client asks for one registration alone: the whole code is walked, and every list played."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
APPS = ("kapclinic", "programs", "screening", "sessions", "billing")
ASKING = {"filter", "exclude", "get", "Q"}
OF_A_CLIENT = re.compile(r"(\w+__)?clients?(_id)?(__contains)?")
IN_SQL = re.compile(r"\bclient(_id)? *(=|IN\b)|= *%\(client\)s", re.IGNORECASE)
# `persons` of a function: what `practice_person` has told of the clients that it is about.
OF_PERSONS = re.compile(r"\bt\.client(_id)? = ANY \(persons\)")
# Who asks for one registration on purpose: the place that knows which are one, and rows that are beside their own.
ALONE = {
    "kapclinic/practice/models.py": "ClientAlias itself",
    "kapclinic/practice/selectors.py": "ClientAlias itself",
    "kapclinic/practice/migrations": "practice_person itself",
    "sessions/course/services/merges.py": "ClientAlias itself",
    "sessions/booking/services/allocations.py": "what two hold of each other, when they part",
    "billing/migrations": "rows beside their own: reversals",
    "sessions/drugs/guards.py": "a settling and its own draw",
    "sessions/boards/selectors/monitoring.py": "a session's own client",
    "sessions/reminders/sql": "a session's own client, and ClientAlias itself",
}


def _sources() -> Iterator[tuple[str, ast.AST]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if not any(name.startswith(alone) for alone in ALONE):
                yield name, ast.parse(path.read_text())


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def _asks(node: ast.Call) -> bool:
    return _called(node) in ASKING and (isinstance(node.func, ast.Attribute) or _called(node) == "Q")


def _faults(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _asks(node):
            for word in node.keywords:
                if word.arg and OF_A_CLIENT.fullmatch(word.arg):
                    yield node.lineno, f"{word.arg}=: ask {word.arg}__in=person(…)"
        if isinstance(node, ast.Call) and _called(node) == "Param" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value == "client":
                lookup = node.args[2] if len(node.args) > 2 else None
                if not (isinstance(lookup, ast.Call) and _called(lookup) == "of_person"):
                    yield node.lineno, "a filter `client` is of_person(…)"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.replace("(SELECT practice_person(%(client)s))", "")
            text = OF_PERSONS.sub("", text)
            if IN_SQL.search(text) and re.search(r"\b(WHERE|JOIN|AND)\b", text):
                yield node.lineno, "SQL about one client: IN (SELECT practice_person(…))"


def test_every_question_about_a_client_asks_for_the_person() -> None:
    found = [f"{name}:{line}: {what}" for name, tree in _sources() for line, what in _faults(tree)]
    assert found == []


def test_sql_files_ask_for_the_person() -> None:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.sql")]
    assert files
    assert [path.name for path in files if IN_SQL.search(path.read_text())] == []


@pytest.mark.parametrize(
    "code",
    [
        "Session.objects.filter(client=pk)",
        "Session.objects.filter(session__client_id=pk)",
        "Charge.objects.exclude(client_id=pk)",
        "Q(program__client=pk)",
        "AuditEvent.objects.filter(clients__contains=[pk])",
        "Param('client', 'uuid', 'client_id')",
        "Param('client', 'uuid')",
        "'SELECT FROM busy WHERE busy.resource = %(client)s'",
        "'SELECT FROM clinic_sessions_session WHERE client_id = %s'",
    ],
)
def test_a_question_for_one_registration_is_found(code: str) -> None:
    assert list(_faults(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "Session.objects.filter(client__in=person(pk))",
        "Param('client', 'uuid', of_person('client_id'))",
        "'WHERE busy.resource IN (SELECT practice_person(%(client)s))'",
        "Obligation(client=client)",
    ],
)
def test_a_question_for_the_person_is_none(code: str) -> None:
    assert not list(_faults(ast.parse(code)))


def test_the_places_that_ask_alone_are_there() -> None:
    assert [name for name in ALONE if not (ROOT / name).exists()] == []
