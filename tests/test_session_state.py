"""No statement leaves anything on its connection, so a pooler may give it to somebody else after each transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapclinic.local.places import CHECKOUT

APPS = ("kapclinic", "programs", "screening", "sessions", "billing")
LEAVES = (
    r"\bLISTEN\s+\w",
    r"\bNOTIFY\s+\w|\bpg_notify\b",
    r"\bpg_(?:try_)?advisory_lock\w*\(",  # held until the session ends
    r"\bSET\s+(?:SESSION\s+)?(?:\w+_timeout|search_path|role|timezone|application_name)\b",
    r"\bset_config\([^)]*,\s*false\s*\)",
    r"\bCREATE\s+(?:LOCAL\s+)?TEMP\w*\s+",  # which the runtime role may not
    r"\b(?:PREPARE|DEALLOCATE|DISCARD)\s+\w",
    r"\bDECLARE\s+\w+\s+CURSOR",
)
# Read outside of a transaction by a cursor that outlives one: commands alone, which connect past a pooler.
ITERATED = {
    "sessions/drugs/selectors.py",
    "sessions/files/selectors/__init__.py",
    "sessions/notes/selectors.py",
}
WITHIN = {
    "billing/jobs/selectors.py",
    "billing/records/selectors/exports.py",
    "billing/records/selectors/practice_exports.py",
    "billing/records/services/practice_blanks.py",
}  # read in the transaction that keeps the file


def sources() -> Iterator[Path]:
    for app in APPS:
        for path in (CHECKOUT / app).rglob("*"):
            if path.suffix in {".py", ".sql"} and (CHECKOUT / "kapclinic/local") not in path.parents:
                yield path


@pytest.mark.parametrize("pattern", LEAVES)
def test_no_statement_leaves_anything_behind(pattern: str) -> None:
    found = [str(path.relative_to(CHECKOUT)) for path in sources() if re.search(pattern, statements(path))]
    assert found == []


def statements(path: Path) -> str:
    """What a file sends; a setting of a function of the database holds inside the function alone."""
    return path.read_text().replace("SECURITY DEFINER SET search_path = public, pg_temp AS", "")


def test_cursors_that_outlive_a_transaction_are_of_commands() -> None:
    found = {
        str(path.relative_to(CHECKOUT))
        for path in sources()
        if path.suffix == ".py" and "migrations" not in path.parts and ".iterator(" in path.read_text()
    }
    assert found == ITERATED | WITHIN
