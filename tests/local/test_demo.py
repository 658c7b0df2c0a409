"""``make demo``: it opens, tells its story, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import psutil
import pytest

from kapclinic.local.places import CHECKOUT, Place
from kapclinic.local.ports import free_port, is_free
from kapclinic.local.servers import GIVEN


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


@pytest.fixture
def clinic(empty_place: Place, port: int) -> Iterator[subprocess.Popen[str]]:
    process = demo(empty_place, PORT=str(port), KAP_DEMO_PASSWORD="a password of the visitor")
    yield process
    if process.poll() is None:
        process.terminate()
    process.communicate()


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_opens_and_closes_without_a_trace(
    clinic: subprocess.Popen[str], empty_place: Place, port: int, number: signal.Signals
) -> None:
    said = read_until(clinic, "Ctrl-C stops it.")
    assert f"http://127.0.0.1:{port}/" in said
    assert "frontdesk@demo.kapclinic.test" in said
    assert "a password of the visitor" in said
    assert "the story broke off" not in said
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
        assert answer.status == 200

    family = psutil.Process(clinic.pid).children(recursive=True)
    running = psutil.process_iter(["cmdline"])  # a process that ends meanwhile has none
    servers = [each for each in running if str(empty_place.base) in " ".join(each.info["cmdline"] or ())]
    assert len(servers) >= 1
    os.kill(clinic.pid, number)
    assert clinic.wait(60) == 0
    assert not alive(family)
    assert not alive(servers)
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
