"""What the documents list is what the code has: tasks, sweep steps, guarded tables, rooms, variables, links.

The table of signals is held by test_architecture.py, which also knows who hears each; names of files, of code and of commits by
test_names_in_documents.py.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from kapclinic.celery import app as celery
from kapclinic.local.places import CHECKOUT
from kapclinic.trail.rights import append_only_tables
from sessions.sweep.steps import STEPS

ARCHITECTURE = (CHECKOUT / "docs/architecture.md").read_text()
OPERATIONS = (CHECKOUT / "docs/operations.md").read_text()
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
OURS = ("kapclinic", "programs", "screening", "sessions", "billing")


def words(page: str, pattern: str) -> set[str]:
    return set(re.findall(rf"`({pattern})`", page))


def first_column(page: str, head: str) -> list[str]:
    """The first cells of the table that begins with the cell `head`."""
    table = page.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return [line.split("|")[1].strip().strip("`") for line in table.splitlines()[2:]]


def test_every_task_is_in_the_table() -> None:
    celery.loader.import_default_modules()
    named = {name for name in celery.tasks if not name.startswith("celery.")}
    assert set(first_column(ARCHITECTURE, "Celery task")) == named


def test_the_steps_of_the_sweep_are_listed_in_order() -> None:
    assert first_column(ARCHITECTURE, "step") == [step.name for step in STEPS]


def test_every_append_only_table_is_listed() -> None:
    histories = {name for name in append_only_tables() if "_historical" in name}
    table = ARCHITECTURE.split("**Append-only**", 1)[1].split("**Guards", 1)[0]
    assert words(table, r"[a-z]+_\w+") == append_only_tables() - histories


@pytest.mark.django_db
def test_every_table_with_a_guard_of_its_own_is_listed() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
            " AND tgname !~ '_(append_only|no_truncate|changed)$'"
        )
        guarded = {name for (name,) in cursor.fetchall()}
    listed = ARCHITECTURE.split("**Guards with a condition:**", 1)[1].split("\n## ", 1)[0]
    rows = "\n".join(line.split("|")[1] for line in listed.splitlines() if line.startswith("| `"))
    assert guarded <= words(rows, r"[a-z]+_\w+")


@pytest.mark.django_db
def test_every_table_that_notes_its_changes_is_listed() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgname ~ '_changed$'"
        )
        noting = {name for (name,) in cursor.fetchall()}
    told = ARCHITECTURE.split("**What changed.**", 1)[1].split("\n\n", 1)[0]
    assert noting == words(told, r"[a-z]+_\w+") - {"trail_changed"}


def contracts() -> list[dict[str, Any]]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    return found


def test_every_room_has_its_line() -> None:
    rooms = {
        f"{house}.{path.name}"
        for house in ("sessions", "billing")
        for path in (CHECKOUT / house).iterdir()
        if (path / "__init__.py").exists() and path.name not in {"management", "migrations"}
    }
    assert set(first_column(ARCHITECTURE, "room")) == rooms
    diagram = ARCHITECTURE.split("```mermaid", 1)[1].split("```", 1)[0]
    assert {room for room in rooms if not re.search(rf"\b{room.split('.')[1]}\b", diagram)} == set()


def test_every_name_that_a_file_of_a_room_may_have_is_explained() -> None:
    rooms = [row for row in contracts() if "billing.ledger" in row.get("containers", [])]
    rooms += [row for row in contracts() if row.get("containers") == ["sessions.dosing"]]
    assert len(rooms) == 2
    names = {name for row in rooms for line in row["layers"] for name in re.findall(r"\w+", line)}
    table = ARCHITECTURE.split("| file | holds |", 1)[1].split("\n\n", 1)[0]
    told = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert told == names


def test_every_contract_is_in_the_table() -> None:
    table = ARCHITECTURE.split("| contracts | say |", 1)[1].split("\n\n", 1)[0]
    told = re.findall(r"\*([^*]+)\*", table)
    for row in contracts():
        assert any(words in row["name"] for words in told), row["name"]
    for words in told:
        assert any(words in row["name"] for row in contracts()), words


def test_every_variable_of_the_settings_is_in_the_table() -> None:
    source = (Path(settings.BASE_DIR) / "kapclinic/settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    assert set(first_column(OPERATIONS, "variable")) == read


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}, (
                target
            )


def test_every_command_that_operations_names_is_there() -> None:
    named = set(re.findall(r"manage\.py (\w+)", OPERATIONS + (CHECKOUT / "README.md").read_text()))
    ours = {path.stem for folder in OURS for path in (CHECKOUT / folder).rglob("management/commands/*.py")}
    assert named <= ours | {"migrate", "collectstatic", "check"}
