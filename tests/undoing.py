"""`python -m tests.undoing migrate app.migration ...`: all apps at once back to these, then forward to their newest.

As `manage.py migrate` does it, without the models that Django makes of every state on its way to the first step that
is undone: they are made where a step is undone, and where one column or constraint is added no others are made anew.
It tells how many steps were undone, and how many were done again.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

import django
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from kapclinic.local import migrating

Plan = list[tuple[Migration, bool]]


class Executor(MigrationExecutor):
    def _migrate_all_backwards(self, plan: Plan, full_plan: Plan, fake: bool) -> ProjectState:
        undone, before = {migration for migration, _ in plan}, {}
        state: Any = self._create_project_state()  # type: ignore[attr-defined]
        for migration, _ in full_plan:
            if migration in undone:
                before[migration] = state.clone()
            if (migration.app_label, migration.name) in self.loader.applied_migrations:
                state = migration.mutate_state(state, preserve=False)
        for migration, _ in plan:
            then = before.pop(migration)
            then.apps  # noqa: B018  (each state in the midst of the step is a copy of this one)
            self.unapply_migration(then, migration, fake=fake)
        found: ProjectState = state
        return found


def go(targets: list[tuple[str, str]] | None) -> int:
    executor = Executor(connection)
    plan = executor.migration_plan(targets or executor.loader.graph.leaf_nodes())
    emit_pre_migrate_signal(0, False, "default", plan=plan)
    executor.migrate(None, plan=plan)
    emit_post_migrate_signal(0, False, "default", plan=plan)
    return len(plan)


def main() -> None:
    gc.disable()
    migrating.shorten()
    django.setup()
    steps = [
        tuple(step.split(".", 1)) for step in sys.argv[2:]
    ]  # the settings look before them for who migrates
    sys.stdout.write(f"{go(steps)} {go(None)}\n")  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
