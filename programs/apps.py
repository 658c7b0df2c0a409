"""App config; `manage.py check` and every start look at the legal rules that ship."""

from django.apps import AppConfig
from django.core.checks import register

from kapclinic.core.shipped import SHIPPED


class ProgramsConfig(AppConfig):
    name = "programs"

    def ready(self) -> None:
        from programs.checks import legal_rules  # noqa: PLC0415  (models are ready only now)

        register(legal_rules, SHIPPED)
