"""docs/scaling.md says of every table whether it holds the column by which Citus would spread it; the models say it."""

from __future__ import annotations

import os
from collections import deque

from django.apps import apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models

from kapclinic.local.places import CHECKOUT

PAGE = CHECKOUT / "docs/scaling.md"
BEGIN, END = "<!-- tables -->\n", "<!-- end -->"
PRACTICE = {"practice", "organisation", "organization", "tenant"}
SHARED = {"billing_servicecode", "billing_diagnosis", "programs_legalrule", "programs_legalrulevoid"}


def tables() -> list[type[models.Model]]:
    """Ours, without histories, which hold what their table holds."""
    found = [
        model
        for model in apps.get_models()
        if not model.__module__.startswith("django.") and not hasattr(model, "instance_type")
    ]
    return sorted(found, key=lambda model: model._meta.db_table)


def holds(model: type[models.Model], names: set[str]) -> bool:
    return any(field.name in names for field in model._meta.local_concrete_fields)


def reached(model: type[models.Model]) -> str:
    """The shortest way over foreign keys to a table with a location."""
    waiting: deque[tuple[type[models.Model], tuple[str, ...]]] = deque([(model, ())])
    seen = {model}
    while waiting:
        here, path = waiting.popleft()
        if holds(here, {"location"}):
            return "by " + ", ".join(f"`{name}`" for name in path) if path else "yes"
        for field in here._meta.local_concrete_fields:
            to = field.related_model
            if isinstance(field, models.ForeignKey) and isinstance(to, type) and to not in seen:
                seen.add(to)
                waiting.append((to, (*path, field.name)))
    return "no way"


def unique(model: type[models.Model]) -> list[str]:
    """What else must be unique: each would have to hold the column."""
    named = [
        constraint.name
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint | ExclusionConstraint)
    ]
    alone = [f.column for f in model._meta.local_concrete_fields if f.unique and not f.primary_key]
    return sorted(named) + sorted(map(str, alone))


def table() -> str:
    lines = ["| table | location | other unique keys |", "| --- | --- | --- |"]
    for model in tables():
        name = model._meta.db_table
        way = "shared by all" if name in SHARED else reached(model)
        lines.append(f"| `{name}` | {way} | {', '.join(f'`{key}`' for key in unique(model))} |")
    return "\n".join(lines) + "\n"


def test_the_page_says_of_every_table_whether_it_could_be_spread() -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    told, _, after = rest.partition(END)
    if os.environ.get("KAP_WRITE_TABLES"):
        PAGE.write_text(before + BEGIN + table() + END + after)
        return
    assert told == table(), "KAP_WRITE_TABLES=1 writes it again"


def test_no_table_has_a_column_of_its_practice() -> None:
    assert [model._meta.db_table for model in tables() if holds(model, PRACTICE)] == []


def test_the_ways_are_found() -> None:
    ways = {model._meta.db_table: reached(model) for model in tables()}
    assert ways["clinic_sessions_session"] == "yes"
    assert ways["clinic_sessions_reading"] == "by `session`"
    assert ways["trail_auditevent"] == "no way"
    assert len(ways) > 80
    assert set(ways) > SHARED
