"""The project package: settings, the library `core`, and the apps that every clinic needs first."""

from kapclinic.celery import app as celery_app

__all__ = ["celery_app"]
