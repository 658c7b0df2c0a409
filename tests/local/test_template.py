"""Which template a new one may be taken on from: the rest is made from the first migration on."""

from __future__ import annotations

import pytest

from kapclinic.local.template import grows

BEFORE = {
    "month": "2026-11",
    "sessions/apps.py": "a",
    "sessions/notes/models.py": "b",
    "sessions/notes/guards.py": "c",
    "sessions/migrations/0001_initial.py": "d",
    "kapclinic/core/triggers.py": "e",
    "billing/codes/data/codes.csv": "f",
}


@pytest.mark.parametrize(
    "now",
    [
        {},
        {"sessions/migrations/0002_more.py": "g"},
        {"sessions/migrations/0002_more.py": "g", "sessions/notes/models.py": "h"},
        {"sessions/labs/models.py": "i", "sessions/migrations/0002_more.py": "g"},
    ],
)
def test_migrations_that_are_only_added_are_taken_on_from_here(now: dict[str, str]) -> None:
    assert grows(BEFORE, BEFORE | now)


@pytest.mark.parametrize("changed", sorted(BEFORE.keys() - {"sessions/notes/models.py"}))
def test_whatever_else_changes_begins_anew(changed: str) -> None:
    assert not grows(BEFORE, BEFORE | {changed: "other"})
    assert not grows(BEFORE, {path: found for path, found in BEFORE.items() if path != changed})


@pytest.mark.parametrize(
    "new", ["sessions/labs/guards.py", "sessions/labs/apps.py", "kapclinic/core/more.py"]
)
def test_a_new_guard_or_a_new_app_begins_anew(new: str) -> None:
    assert not grows(BEFORE, BEFORE | {new: "x"})
    assert not grows(BEFORE, BEFORE | {new: "x", "sessions/migrations/0002_more.py": "g"})
