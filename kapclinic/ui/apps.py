"""The screens as a Django app: templates and static files, no tables."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "kapclinic.ui"
    label = "ui"
