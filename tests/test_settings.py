"""What the environment says of the database is kept, beside what the settings add."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from kapclinic.local.warm import Launcher

ADDRESS = "postgres://kap@db.example/kap?sslmode=verify-full&sslrootcert=/etc/ca.pem"
TELL = (
    "import json; from django.conf import settings; print(json.dumps([settings.DATABASES, settings.PROCESS]))"
)


Told = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture
def told(launcher: Launcher) -> Told:
    """The options of the default database, and the kind of process, of whoever was started by that name."""

    def ask(*, started: str = "gunicorn", **env: str) -> tuple[dict[str, Any], str]:
        known = {name: value for name, value in os.environ.items() if name != "KAP_PROCESS"}
        known |= {"DJANGO_SETTINGS_MODULE": "kapclinic.settings", "DATABASE_URL": ADDRESS} | env
        command = [sys.executable, "-c", f"import sys; sys.argv[0] = {started!r}; {TELL}"]
        run = launcher.run(command, env=known)
        run.check_returncode()
        databases, process = json.loads(run.stdout)
        return databases["default"]["OPTIONS"], process

    return ask


def test_what_the_address_asks_of_the_connection_is_kept(told: Told) -> None:
    options, _ = told()
    assert options["sslmode"] == "verify-full"
    assert options["sslrootcert"] == "/etc/ca.pem"
    assert options["server_side_binding"] is True
    assert "-c lock_timeout=3s" in options["options"]


def test_options_of_the_address_stand_beside_the_patience(told: Told) -> None:
    options, _ = told(DATABASE_URL=f"{ADDRESS}&options=-c%20search_path%3Dclinic")
    assert options["options"].startswith("-c search_path=clinic -c lock_timeout=3s")


def test_behind_a_pooler_no_option_is_sent_at_the_start(told: Told) -> None:
    options, _ = told(KAP_PATIENCE="off")
    assert "options" not in options


@pytest.mark.parametrize(
    ("started", "kind"),
    [
        ("/usr/bin/gunicorn", "web"),
        ("/usr/bin/celery", "worker"),
        ("/lib/celery/__main__.py", "worker"),
        ("manage.py", "command"),
        ("/usr/bin/django-admin", "command"),
        ("/lib/django/__main__.py", "command"),
    ],
)
def test_each_kind_of_process_has_its_own_patience(told: Told, started: str, kind: str) -> None:
    assert told(started=started)[1] == kind


PRODUCTION = {"KAP_EMBEDDED": "0", "FIELD_KEYS": "b3RoZXItY2xpbmljLWtleS1vdGhlci1jbGluaWMtITE="}
LONG = "3f0c6b1d9a8e47525d1c0b9f8e7a6d5c4b3a29181706f5e4d3c2b1a0998877"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        LONG[:49],
        "a" * 80,
        "abababab" * 10,
        f"django-insecure-{LONG}",
        f"development-only-{LONG}",
    ],
)
def test_a_key_that_can_be_guessed_starts_no_clinic(told: Told, key: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        told(SECRET_KEY=key, **PRODUCTION)
    assert "SECRET_KEY" in refused.value.stderr
    assert key == "" or key not in refused.value.stderr


def test_a_long_random_key_does(told: Told) -> None:
    assert told(SECRET_KEY=LONG, **PRODUCTION)[1] == "web"
