"""The runtime role's rights: it owns nothing, reads all, and can neither change nor delete what is append-only.

On a partition it has no right at all by its own name: every way to its rows goes through the table's.
"""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.db import connections, models, transaction
from psycopg import sql

from kapclinic.core.audited import AuditedBase
from kapclinic.trail.wall import TAKEN


def append_only_tables() -> set[str]:
    """Facts and histories: inserted once, never touched again."""
    return {
        model._meta.db_table
        for model in apps.get_models()
        if getattr(model, "append_only", False) or hasattr(model, "instance_type")
    }


def undeletable_tables() -> set[str]:
    """Every clinical and money row stays."""
    return {
        m._meta.db_table
        for m in apps.get_models()
        if issubclass(m, AuditedBase) or getattr(m, "undeletable", False)
    }


def _tables(models_: list[type[models.Model]]) -> set[str]:
    return {model._meta.db_table for model in models_}


GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE TRUNCATE ON ALL TABLES IN SCHEMA public FROM {role}",
)


PARTITIONS = "SELECT relname FROM pg_class WHERE relispartition AND relkind IN ('r', 'p') ORDER BY 1"
FUNCTIONS = (
    "trail_make_partition(text, date)",
    "trail_partitions(timestamptz, int)",
)  # that run as the owner


def grant_rights(*, using: str) -> None:
    """Grant to the runtime role, all at once; runs as the owner after each migrate, also when nothing changed."""
    connection = connections[using]
    role = sql.Identifier(settings.RUNTIME_ROLE)
    present = set(connection.introspection.table_names())
    frozen, kept = append_only_tables() & present, undeletable_tables() & present
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute("SELECT current_user = %s", [settings.RUNTIME_ROLE])
        if cursor.fetchone()[0]:
            return
        for grant in GRANTS:
            cursor.execute(sql.SQL(grant).format(role=role))
        cursor.execute("SELECT relname FROM pg_class WHERE relname = %s AND relkind = 'v'", [TAKEN])
        views = [name for (name,) in cursor.fetchall()]
        cursor.execute(PARTITIONS)
        parts = [name for (name,) in cursor.fetchall()]
        for tables, rights in [
            *(([t], "UPDATE, DELETE") for t in sorted(frozen)),
            *(([t], "DELETE") for t in sorted(kept)),
            (parts, "ALL"),
            (views, "INSERT, UPDATE, DELETE"),
        ]:
            if tables:
                statement = sql.SQL("REVOKE {rights} ON {tables} FROM {role}")
                named = sql.SQL(", ").join(map(sql.Identifier, tables))
                cursor.execute(statement.format(rights=sql.SQL(rights), tables=named, role=role))
        for function in FUNCTIONS:
            cursor.execute("SELECT to_regprocedure(%s) IS NOT NULL", [function])
            if cursor.fetchone()[0]:  # not yet, while an older state is being migrated to
                statement = sql.SQL("GRANT EXECUTE ON FUNCTION {function} TO {role}")
                cursor.execute(statement.format(function=sql.SQL(function), role=role))
