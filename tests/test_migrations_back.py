"""The newest migrations of each app go back, and forward again to what was there: a release that fails is taken back."""

from __future__ import annotations

import os
import sys
from typing import Any

import psycopg
from django.db.migrations.loader import MigrationLoader

from kapclinic.local.testrun import TestRun
from kapclinic.local.warm import Launcher

APPS = ("trail", "practice", "programs", "screening", "clinic_sessions", "billing")
STEPS = 2


SCHEMA = """
SELECT 'column', c.oid::regclass::text, attname::text, format_type(atttypid, atttypmod) || attnotnull
    || coalesce(pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef d ON adrelid = c.oid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', '', '', indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', '', proname, pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
UNION ALL SELECT 'policy', tablename, policyname, concat(cmd, roles, qual, with_check) FROM pg_policies
UNION ALL SELECT 'rights', '', relname, (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(relacl) a)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""


def schema(owner: psycopg.Connection[Any]) -> set[tuple[Any, ...]]:
    return set(owner.execute(SCHEMA).fetchall())


def before_newest() -> dict[str, str]:
    """App -> the migration that is two steps before its newest one."""
    loader = MigrationLoader(None)
    found = {}
    for app in APPS:
        names = sorted(name for label, name in loader.disk_migrations if label == app)
        found[app] = names[-1 - STEPS]
    return found


def test_the_newest_migrations_go_back_and_forward_again(test_run: TestRun, launcher: Launcher) -> None:
    name = test_run.another_database()
    environ = {
        **os.environ,
        **test_run.servers.env(database=name),
        "DJANGO_SETTINGS_MODULE": "kapclinic.settings",
    }
    with test_run.servers.admin(name) as owner:
        usual = schema(owner)
        assert len(usual) > 1000
        steps = [f"{app}.{target}" for app, target in reversed(before_newest().items())]
        command = [
            sys.executable,
            "-m",
            "tests.undoing",
            "migrate",
            *steps,
        ]  # the settings look there for who migrates
        told = launcher.run(command, env=environ)
        assert told.returncode == 0, told.stderr[-3000:]
        back, forward = map(int, told.stdout.split())
        assert back >= STEPS * len(APPS)
        assert back == forward
        assert schema(owner) ^ usual == set()
    test_run.servers.drop_database(name)
