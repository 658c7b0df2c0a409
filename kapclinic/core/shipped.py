"""Data that ships with the code, as tables that people edit by hand.

An app registers a system check under the tag SHIPPED. `manage.py check` then lists every fault, and `migrate` stops at
them; a web or worker process runs no system checks that could stop it, so its entry point calls `refuse_broken`.
"""

from __future__ import annotations

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

SHIPPED = "shipped_data"


def refuse_broken() -> None:
    """Stop the start of a process whose shipped data is broken.

    :raises ImproperlyConfigured: with every fault
    """
    faults = [str(message) for message in run_checks(tags=[SHIPPED]) if message.is_serious()]
    if faults:
        raise ImproperlyConfigured("\n".join(["Shipped data is broken; see manage.py check.", *faults]))
