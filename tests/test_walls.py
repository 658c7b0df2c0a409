"""The walls stop somebody: each way to break through one, planted in a scratch copy, is refused by `lint-imports`."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("kapclinic", "programs", "screening", "sessions", "billing")
LINT = Path(sys.executable).with_name("lint-imports")

# where, what somebody writes there, and what the refusal names
FAULTS = (
    ("sessions/visits/services/freed_slots.py", "from celery import shared_task", "celery"),
    ("sessions/dosing/gates/table.py", "from rest_framework import serializers", "rest_framework"),
    ("sessions/dosing/services/discharge.py", "from sessions.dosing.api import doses", "sessions.dosing.api.doses"),
    ("sessions/absences/services/absences.py", "from sessions.absences.api import time_off", "sessions.absences.api.time_off"),
    ("sessions/visits/services/freed_slots.py", "from kapclinic.core import clock", "kapclinic.core.clock"),
    ("sessions/dosing/rems/rules.py", "from sessions.dosing.rems import services", "sessions.dosing.rems.services"),
    ("sessions/dosing/gates/conditions.py", "from sessions.dosing import selectors", "sessions.dosing.selectors"),
    ("billing/ledger/rules/record.py", "from billing.ledger import selectors", "billing.ledger.selectors"),
    ("screening/rules/pressure.py", "from programs import selectors", "programs.selectors"),
    ("sessions/booking/rules/days.py", "from sessions.booking.sql import free_slots", "sessions.booking.sql.free_slots"),
    ("sessions/dosing/gates/gather.py", "from kapclinic.core import standby", "kapclinic.core.standby"),
    # one room further down, or up in another app
    ("sessions/visits/services/endings.py", "from sessions.dosing.api import doses", "sessions.dosing.api.doses"),
    ("billing/ledger/services/charges.py", "from sessions.visits.api import sessions", "sessions.visits.api.sessions"),
    ("screening/services/alerts.py", "from programs.api import protocols", "programs.api.protocols"),
    ("sessions/booking/services/bookings.py", "from kapclinic.trail import http", "kapclinic.trail.http"),
    ("sessions/drugs/services/ledger.py", "from kapclinic.core.http import params", "kapclinic.core.http.params"),
    ("sessions/visits/services/visits.py", "from sessions.integration import tasks", "sessions.integration.tasks"),
    ("sessions/dosing/models.py", "from sessions.booking import services", "sessions.booking.services"),
    ("billing/ledger/models.py", "from sessions.dosing import services", "sessions.dosing.services"),
    ("screening/selectors/__init__.py", "from programs import services", "programs.services"),
    ("sessions/models.py", "from sessions.dosing import services", "sessions.dosing.services"),
    ("sessions/waitlist/rules.py", "from kapclinic.core import doorbell", "kapclinic.core.doorbell"),
    ("sessions/notes/rules/records.py", "import kombu", "kombu"),
)  # fmt: skip
STRAYS = (
    "kapclinic/core/helpers.py",
    "kapclinic/trail/helpers.py",
    "kapclinic/practice/helpers.py",
    "kapclinic/helpers.py",
    "programs/helpers.py",
    "screening/helpers.py",
    "sessions/helpers.py",
    "sessions/booking/helpers.py",
    "sessions/dosing/helpers.py",
    "sessions/dosing/gates/helpers.py",
    "sessions/dosing/rems/helpers.py",
    "sessions/sweep/helpers.py",
    "sessions/evidence/helpers.py",
    "billing/ledger/helpers.py",
    "billing/helpers.py",
    "sessions/lounge/__init__.py",  # a new room
    "billing/lounge/__init__.py",
)


def copy_to(folder: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "400"}
    return subprocess.run(
        [LINT, "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `lint-imports` says when every fault and every stray is planted at once."""
    folder = copy_to(tmp_path_factory.mktemp("broken"))
    for where, what, _ in FAULTS:
        path = folder / where
        path.write_text(f"{path.read_text()}\n{what}\n")
    for where in STRAYS:
        path = folder / where
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    done = lint(folder)
    assert done.returncode == 1, done.stderr
    return re.sub(r" +", " ", done.stdout)


def module(where: str) -> str:
    return where.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_the_house_as_it_stands_breaks_nothing(tmp_path: Path) -> None:
    done = lint(copy_to(tmp_path))
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize(("where", "what", "named"), FAULTS, ids=[f"{w}: {n}" for w, _, n in FAULTS])
def test_an_import_through_a_wall_is_refused(broken: str, where: str, what: str, named: str) -> None:
    assert f"- {module(where)} -> {named} (l." in broken


@pytest.mark.parametrize("where", STRAYS)
def test_a_file_that_stands_nowhere_is_refused(broken: str, where: str) -> None:
    assert f"- {module(where)}\n" in broken


def contracts() -> list[dict[str, object]]:
    found: list[dict[str, object]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
        "importlinter"
    ]["contracts"]
    return found


def test_every_app_and_room_is_the_container_of_an_exhaustive_contract() -> None:
    held = {name for row in contracts() if row.get("exhaustive") for name in row["containers"]}  # type: ignore[attr-defined]
    rooms = {
        f"{house}.{path.name}"
        for house in ("sessions", "billing")
        for path in (ROOT / house).iterdir()
        if (path / "__init__.py").exists() and path.name not in {"management", "migrations"}
    }
    assert held >= rooms | {"kapclinic", "kapclinic.core", "kapclinic.trail", "kapclinic.practice"}
    assert held >= {"programs", "screening", "sessions", "billing", "sessions.dosing.rems"}


# --- rules ask no model: import-linter cannot see a query ----------------------------------------------------------------

PURE = ("conditions.py", "facts.py", "judge.py", "table.py")
ASKS = {"objects", "_default_manager", "_base_manager", "history", "filter", "exclude", "exists", "aggregate"}
ASKS |= {
    "all",
    "first",
    "last",
    "latest",
    "earliest",
    "order_by",
    "distinct",
    "iterator",
    "in_bulk",
    "annotate",
}
ASKS |= {
    "values_list",
    "select_related",
    "prefetch_related",
    "select_for_update",
    "refresh_from_db",
    "cursor",
}
CALLS = {"get_object_or_404", "get_model", "connection", "hasattr"}  # hasattr fetches a one-to-one
WRITES = {"save", "save_by", "insert_by", "delete", "create", "get_or_create", "bulk_create"}


def pure_files(root: Path) -> list[Path]:
    found = [path for name in PACKAGES for path in (root / name).rglob("*.py")]
    gates = root / "sessions" / "dosing" / "gates"
    return [
        path
        for path in found
        if path.name in {"rules.py", "policy.py"}
        or path.parent.name == "rules"
        or path in {gates / name for name in PURE}
    ]


def asked(source: str) -> set[str]:
    """The names by which a text asks a model, or writes one."""
    nodes = list(ast.walk(ast.parse(source)))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return attributes & (ASKS | WRITES) | names & CALLS


def test_rules_and_conditions_ask_no_model() -> None:
    found = {str(path.relative_to(ROOT)): asked(path.read_text()) for path in pure_files(ROOT)}
    assert len(found) > 25  # it looked
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    [
        "Session.objects.get(pk=1)",
        "session.checks.filter(state='due').exists()",
        "row.save_by(by, at=at)",
        "connection.cursor()",
        "list(session.checks.all())",
        "session.checks.order_by('due_at').first()",
        "get_object_or_404(Session, pk=1)",
        "hasattr(dose, 'finish')",
    ],
)
def test_a_query_in_a_rule_is_seen(line: str) -> None:
    assert asked(line)
