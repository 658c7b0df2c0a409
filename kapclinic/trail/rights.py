"""The runtime role's rights: it owns nothing, reads all, and can neither change nor delete what is append-only."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.db import connections, models
from psycopg import sql

from kapclinic.core.audited import AuditedBase


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


def grant_rights(*, using: str) -> None:
    """Grant to the runtime role; runs as the owner after each migrate, also when nothing changed."""
    connection = connections[using]
    role = sql.Identifier(settings.RUNTIME_ROLE)
    present = set(connection.introspection.table_names())
    frozen, kept = append_only_tables() & present, undeletable_tables() & present
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = %s", [settings.RUNTIME_ROLE])
        if cursor.fetchone()[0]:
            return
        for grant in GRANTS:
            cursor.execute(sql.SQL(grant).format(role=role))
        for table, rights in [
            *((t, "UPDATE, DELETE") for t in sorted(frozen)),
            *((t, "DELETE") for t in sorted(kept)),
        ]:
            statement = sql.SQL("REVOKE {rights} ON {table} FROM {role}")
            cursor.execute(statement.format(rights=sql.SQL(rights), table=sql.Identifier(table), role=role))
