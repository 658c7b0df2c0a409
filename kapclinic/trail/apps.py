"""App config; after each migrate the runtime role gets exactly the rights it needs."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _grant(sender: Any, using: str, **_: Any) -> None:
    from kapclinic.trail.rights import grant_rights  # noqa: PLC0415  (models are ready only now)

    grant_rights(using=using)


class TrailConfig(AppConfig):
    name = "kapclinic.trail"
    label = "trail"

    def ready(self) -> None:
        post_migrate.connect(_grant, dispatch_uid="kapclinic.trail.rights")
