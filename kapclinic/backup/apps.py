"""App config: commands alone, no table."""

from __future__ import annotations

from django.apps import AppConfig


class BackupConfig(AppConfig):
    name = "kapclinic.backup"
    label = "backup"
