"""Every table has one line that says how long it is kept, and docs/retention.md shows those lines."""

from __future__ import annotations

from fnmatch import fnmatch

from django.apps import apps

from billing.records.rules.exports import KEPT_FOR
from kapclinic.local.places import CHECKOUT
from kapclinic.trail import services as trail
from kapclinic.trail.retention import KEPT
from sessions.drugs.rules import copies

PAGE = (CHECKOUT / "docs/retention.md").read_text()


def tables() -> set[str]:
    """Without histories, which go with their table."""
    named = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    return {name for name in named if "_historical" not in name}


def test_every_table_stands_in_one_line() -> None:
    found = {
        name: [row.what for row in KEPT if any(fnmatch(name, pattern) for pattern in row.tables)]
        for name in tables()
    }
    assert {name: rows for name, rows in found.items() if len(rows) != 1} == {}
    unused = [
        pattern
        for row in KEPT
        for pattern in row.tables
        if not any(fnmatch(name, pattern) for name in tables())
    ]
    assert unused == []


def test_the_page_shows_the_lines() -> None:
    told = [
        line
        for line in PAGE.split("## In the database", 1)[1].split("\n## ", 1)[0].splitlines()
        if "|" in line
    ]
    assert told[2:] == [f"| {row.what} | {row.law} | {row.ends} |" for row in KEPT]


def test_the_days_that_the_lines_tell_are_those_of_the_code() -> None:
    ends = {name: row.ends for row in KEPT for name in row.tables}
    assert f"after {trail.IDEMPOTENCY_DAYS} days" in ends["trail_idempotencyrecord"]
    assert f"after {KEPT_FOR.days} days" in ends["billing_recordexportfile"]
    minutes = copies.KEPT.total_seconds() / 60
    assert f"after {minutes:.0f} minutes" in ends["clinic_sessions_witnesslock"]
