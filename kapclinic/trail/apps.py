"""App config; after each migrate the wall stands, and the runtime role gets exactly the rights it needs."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


def _close(sender: Any, using: str, plan: Any, **_: Any) -> None:
    """Before migrations go back. What runs meanwhile sees nothing: stop it first."""
    from django.db import connections, transaction  # noqa: PLC0415

    from kapclinic.trail.wall import close_wall  # noqa: PLC0415

    if any(backwards for _, backwards in plan):
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            close_wall(cursor)


def _raise(sender: Any, using: str, **_: Any) -> None:
    from django.db import connections, transaction  # noqa: PLC0415
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415

    from kapclinic.trail.wall import raise_wall  # noqa: PLC0415

    loader = MigrationLoader(connections[using])
    if not set(loader.graph.leaf_nodes()) <= set(loader.applied_migrations):
        return  # an older state: the release that it belongs to raises its own
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        raise_wall(cursor)


def _grant(sender: Any, using: str, **_: Any) -> None:
    from kapclinic.trail.rights import grant_rights  # noqa: PLC0415  (models are ready only now)

    grant_rights(using=using)


def _plant(sender: Any, using: str, **_: Any) -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from kapclinic.trail.keys import plant  # noqa: PLC0415
    from kapclinic.trail.models import FieldKeyWord  # noqa: PLC0415

    # In development each process that starts sees to it: a migrated template knows nobody's keys.
    there = FieldKeyWord._meta.db_table in connections[using].introspection.table_names()
    if there and not settings.EMBEDDED:
        plant()


class TrailConfig(AppConfig):
    name = "kapclinic.trail"
    label = "trail"

    def ready(self) -> None:
        from django.conf import settings  # noqa: PLC0415

        from kapclinic.core import scope  # noqa: PLC0415
        from kapclinic.core.postgresql import held  # noqa: PLC0415

        held.by_thread()
        scope.begin(settings.SCOPE)
        pre_migrate.connect(_close, sender=self, dispatch_uid="kapclinic.trail.wall.back")
        post_migrate.connect(_raise, sender=self, dispatch_uid="kapclinic.trail.wall")
        post_migrate.connect(_grant, dispatch_uid="kapclinic.trail.rights")
        post_migrate.connect(_plant, sender=self, dispatch_uid="kapclinic.trail.keys")
