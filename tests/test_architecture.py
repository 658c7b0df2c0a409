"""The house keeps its shape: which way tables and imports point, how long a file is, where the clock is read."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.apps import apps
from django.db import models
from django.dispatch import Signal

from kapclinic.core.audited import AuditedBase

ROOT = Path(__file__).resolve().parent.parent
JUDGE = "tests/simulation/judge.py"  # one book, read as one; nothing of it is the clinic's
SOURCES = ("kapclinic", "programs", "screening", "sessions", "billing")
STOREYS = ("trail", "practice", "programs", "screening", "clinic_sessions", "billing")
ROOMS = {
    "clinic_sessions": {
        "booking": 0,
        "waitlist": 1,
        "reminders": 1,
        "calendars": 1,
        "files": 1,
        "integration": 2,
        "monitoring": 2,
        "drugs": 2,
        "dosing": 3,
        "notes": 4,
        "rights": 5,
        "visits": 5,
        "course": 6,
        "absences": 6,
        "boards": 6,
        "evidence": 6,
        "reports": 6,
        "links": 6,
        "imports": 6,
        "status": 6,
        "sweep": 7,
    },
    "billing": {
        "codes": 0,
        "scales": 1,
        "coverages": 1,
        "ledger": 2,
        "packages": 3,
        "documents": 4,
        "estimates": 5,
        "letters": 5,
        "statements": 5,
        "jobs": 5,
        "records": 6,
        "reports": 6,
        "capture": 6,
        "plans": 6,
        "claims": 7,
    },
}


def files(*roots: str) -> Iterator[Path]:
    """Every module that somebody wrote: not the migrations that Django did."""
    for root in roots:
        for path in sorted((ROOT / root).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in STOREYS]


def is_history(model: type[models.Model]) -> bool:
    return hasattr(model, "instance_type")


# --- tables ---------------------------------------------------------------------------------------------------------


def room_of(model: type[models.Model]) -> int:
    rooms = ROOMS.get(model._meta.app_label, {})
    return next((rank for room, rank in rooms.items() if f".{room}." in f"{model.__module__}."), -1)


def links() -> list[tuple[type[models.Model], Any]]:
    return [
        (model, field)
        for model in ours()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model is not None
    ]


def test_every_table_stands_in_a_known_room() -> None:
    lost = [
        model.__name__
        for model in ours()
        if model._meta.app_label in ROOMS and not is_history(model) and room_of(model) < 0
    ]
    assert lost == []


def test_no_foreign_key_points_up() -> None:
    """billing > sessions > screening > programs > practice > trail, and in a house of rooms the upper on the lower."""
    up = []
    for model, field in links():
        target = field.related_model
        here, there = model._meta.app_label, target._meta.app_label
        if (
            there not in STOREYS
            or STOREYS.index(there) > STOREYS.index(here)
            or (here == there and not is_history(model) and room_of(target) > room_of(model))
        ):
            up.append(f"{model.__name__}.{field.name} -> {target.__name__}")
    assert up == []
    assert len(links()) > 80  # it looked


def test_every_foreign_key_protects_what_it_points_to() -> None:
    weak = [
        f"{model.__name__}.{field.name}"
        for model, field in links()
        if not is_history(model) and field.remote_field.on_delete is not models.PROTECT
    ]
    assert weak == []


LEFT_OUT = {
    # A history that kept old password hashes would keep too much; the key follows from the e-mail.
    "User": {"password", "email_key"},
    "Consent": {"text", "signature"},  # frozen once signed: one copy is the record
}
WITHOUT_HISTORY = {"PsychotherapyNote"}  # its author alone reads it, and no history view may hold it (R9)


def test_every_editable_table_keeps_its_whole_history() -> None:
    without = []
    for model in ours():
        if not issubclass(model, AuditedBase) or model.__name__ in WITHOUT_HISTORY:
            continue
        history = getattr(model, "history", None)
        kept = {field.name for field in history.model._meta.fields} if history else set()
        dropped = {field.name for field in model._meta.fields} - kept
        if dropped != LEFT_OUT.get(model.__name__, set()):
            without.append(f"{model.__name__}: {sorted(dropped)}")
    assert without == []


# --- files and functions ------------------------------------------------------------------------------------------------


def test_no_file_is_too_long_to_read_at_a_sitting() -> None:
    limits = [(path, 400) for path in files(*SOURCES)]
    limits += [(path, 1500 if shown(path) == JUDGE else 600) for path in files("tests")]
    long = {shown(path): n for path, most in limits if (n := len(path.read_text().splitlines())) > most}
    assert long == {}


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of what it does; its signature and its docstring are no burden."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_function_is_longer_than_forty_lines() -> None:
    long = {
        f"{shown(path)}:{function.name}": _length(function)
        for path in files(*SOURCES)
        for function in _functions(path)
        if _length(function) > 40
    }
    assert long == {}


CLOCKS = re.compile(r"\b(timezone\.now|datetime\.(now|today|utcnow)|date\.today|time\.time)\(")
EDGES = {
    "kapclinic/core/clock.py",
    "kapclinic/core/ids.py",
    "kapclinic/core/http/rates.py",
}  # the one clock, the milliseconds of a UUIDv7, and the minute in which requests are counted


def test_only_one_place_reads_the_clock() -> None:
    readers = [
        shown(path)
        for path in files(*SOURCES)
        if "local" not in path.parts and CLOCKS.search(path.read_text()) and shown(path) not in EDGES
    ]
    assert readers == []


def _stem(path: Path) -> set[str]:
    return {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}


def test_models_rules_selectors_and_services_are_handed_the_time() -> None:
    readers = [
        shown(path)
        for path in files(*SOURCES)
        if _stem(path) & {"models", "rules", "selectors", "services"}
        and "local" not in path.parts
        and "clock"
        in {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
    ]
    assert readers == []


def test_every_api_folder_has_its_addresses() -> None:
    for folder in (path for root in SOURCES for path in (ROOT / root).rglob("api") if path.is_dir()):
        assert (folder / "urls.py").exists(), shown(folder)


# --- signals and tasks --------------------------------------------------------------------------------------------------


def signals() -> dict[str, Signal]:
    found = {}
    for path in files(*SOURCES):
        if path.name != "signals.py":
            continue
        module = import_module(shown(path).removesuffix(".py").replace("/", "."))
        found |= {f"{module.__name__}.{n}": s for n, s in vars(module).items() if isinstance(s, Signal)}
    return found


def told() -> dict[str, str]:
    """docs/architecture.md, the table of the doorbell: signal -> who hears it."""
    rows = re.findall(
        r"^\| `([\w.]+\.signals\.\w+)` \|[^|]*\| ([^|]+) \|", _architecture(), flags=re.MULTILINE
    )
    return dict(rows)


def _architecture() -> str:
    return (ROOT / "docs" / "architecture.md").read_text()


def test_signals_are_declared_where_signals_are() -> None:
    elsewhere = [
        shown(path)
        for path in files(*SOURCES)
        if path.name != "signals.py" and "= Signal(" in path.read_text()
    ]
    assert elsewhere == []
    assert signals()


@pytest.mark.parametrize("name", sorted(signals()))
def test_every_signal_is_heard_as_the_architecture_says(name: str) -> None:
    hearers = {
        f"{hearer.__module__}.{hearer.__name__}" for hearer in signals()[name]._live_receivers(sender=None)[0]
    }
    assert hearers, f"nobody hears {name}"
    assert set(re.findall(r"`([\w.]+)`", told()[name])) == hearers


def test_the_architecture_tells_of_no_signal_that_is_gone() -> None:
    assert set(told()) == set(signals())


def tasks() -> dict[str, Any]:
    current_app.loader.import_default_modules()
    return {
        name: task for name, task in current_app.tasks.items() if task.__module__.split(".")[0] in SOURCES
    }


def test_tasks_carry_ids_and_stand_changes_of_their_signature() -> None:
    """Keywords only, each an id in text, and room for what a newer publisher adds (rolling deploys)."""
    assert "sessions.sweep" in tasks()
    for name, task in tasks().items():
        *ids, rest = inspect.signature(task.run).parameters.values()
        assert (rest.kind, rest.name) == (rest.VAR_KEYWORD, "_future"), name
        for parameter in ids:
            assert parameter.kind == parameter.KEYWORD_ONLY, name
            assert parameter.name.endswith("_id"), name
            assert parameter.annotation == "str", name


# --- verbs that are half of another ---------------------------------------------------------------------------------


def _named(path: Path) -> set[str]:
    """Every name and attribute that a module uses."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    imported = {
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and path.name != "__init__.py"
        for alias in node.names
    }
    return imported | {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute)
    }


def test_a_verb_that_leaves_something_undone_is_called_by_its_whole_alone() -> None:
    """`visits` voids a dose, waives and ends undosed as a whole, `course` completes and continues; nobody else calls a half."""
    halves = {
        function.name
        for path in files("programs", "sessions")
        for function in _functions(path)
        if "_leaving_" in function.name
    }
    assert halves == {
        "complete_leaving_bookings",
        "continue_leaving_bookings",
        "end_undosed_leaving_slot",
        "void_administration_leaving_slot",
        "waive_leaving_slot",
    }
    spelled = [path for path in files(*SOURCES, "tests") if "_leaving_" in path.read_text()]
    callers = {shown(path) for path in spelled if _named(path) & halves}
    assert callers == {"sessions/course/services/programs.py", "sessions/visits/services/endings.py"}
