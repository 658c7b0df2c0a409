"""``make demo``: what it refuses, and what is left when it is stopped before it is open."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import psutil
import pytest

from kapclinic.local import services
from kapclinic.local.places import CHECKOUT, Place
from kapclinic.local.ports import free_port, is_free
from kapclinic.local.servers import GIVEN
from kapclinic.local.testrun import TestRun
from tests.local.made import copied


def demo(place: Place, **settings: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in GIVEN}
    return subprocess.Popen(
        [sys.executable, "-m", "kapclinic.local.demo"],
        cwd=CHECKOUT,
        env=inherited | {"KAP_EMBED_DIR": str(place.base)} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def port() -> int:
    return free_port()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def test_a_demo_that_is_stopped_while_it_opens_leaves_nothing(
    empty_place: Place, port: int, test_run: TestRun
) -> None:
    opening = demo(copied(empty_place, test_run), PORT=str(port))
    read_until(opening, "applying the migrations")
    pair = services.running(empty_place)
    assert pair is not None
    family = psutil.Process(opening.pid).children(recursive=True)
    opening.terminate()
    said, _ = opening.communicate(timeout=60)
    assert opening.returncode == 0, said
    assert not [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert not pair.answers()
    assert is_free(port)


def test_a_taken_port_is_named_before_anything_starts(empty_place: Place) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = demo(empty_place, PORT=str(port))
        said, _ = refused.communicate(timeout=30)
    assert refused.returncode == 1
    assert f"Port {port} is taken" in said
    assert not empty_place.data.exists()


def test_servers_are_given_all_or_none(empty_place: Place, port: int) -> None:
    refused = demo(empty_place, PORT=str(port), DATABASE_URL="postgresql://somebody@localhost/clinic")
    said, _ = refused.communicate(timeout=30)
    assert refused.returncode == 1
    assert "MIGRATION_DATABASE_URL and VALKEY_URL not" in said
