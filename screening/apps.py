"""App config; `manage.py check` and every start look at the interaction list."""

from django.apps import AppConfig
from django.core.checks import register

from kapclinic.core.shipped import SHIPPED


class ScreeningConfig(AppConfig):
    name = "screening"

    def ready(self) -> None:
        from screening.checks import interaction_list  # noqa: PLC0415  (models are ready only now)

        register(interaction_list, SHIPPED)
