"""What the documents list is what the code has: signals, tasks, sweep steps, guarded tables, variables, links."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.dispatch import Signal

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


def test_every_signal_is_in_the_table_and_has_a_receiver() -> None:
    declared = {}
    for config in apps.get_app_configs():
        if config.name.startswith(OURS) and (Path(config.path) / "signals.py").exists():
            module = importlib.import_module(f"{config.module.__name__}.signals")
            declared |= {
                f"{module.__name__}.{n}": v for n, v in vars(module).items() if isinstance(v, Signal)
            }
    assert set(first_column(ARCHITECTURE, "signal")) == set(declared)
    assert [name for name, signal in declared.items() if not signal.receivers] == []


def test_every_task_is_in_the_table() -> None:
    celery.loader.import_default_modules()
    named = {name for name in celery.tasks if not name.startswith("celery.")}
    assert set(first_column(ARCHITECTURE, "Celery task")) == named


def test_the_steps_of_the_sweep_are_listed_in_order() -> None:
    assert first_column(ARCHITECTURE, "step") == [name for name, _ in STEPS]


def test_every_append_only_table_is_listed() -> None:
    histories = {name for name in append_only_tables() if "_historical" in name}
    table = ARCHITECTURE.split("**Append-only**", 1)[1].split("**Guards", 1)[0]
    assert words(table, r"[a-z]+_\w+") == append_only_tables() - histories


@pytest.mark.django_db
def test_every_table_with_a_guard_of_its_own_is_listed() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
            " AND tgname !~ '_(append_only|no_truncate)$'"
        )
        guarded = {name for (name,) in cursor.fetchall()}
    listed = ARCHITECTURE.split("**Guards with a condition:**", 1)[1].split("\n## ", 1)[0]
    rows = "\n".join(line.split("|")[1] for line in listed.splitlines() if line.startswith("| `"))
    assert guarded <= words(rows, r"[a-z]+_\w+")


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
