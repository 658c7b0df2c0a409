"""The project package: settings, the library `core`, and the apps that every clinic needs first."""

import gc

# What a process imports stays as long as it lives: to look it through for garbage again and again while more of it
# comes is a fifth of every start. Set before the import below.
gc.set_threshold(50_000, 20, 50)

from kapclinic.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
