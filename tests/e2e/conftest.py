"""A whole clinic as processes, files collected as in production, and Debian's Chromium at its screens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from django.db import connections
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from kapclinic.local.places import CHECKOUT
from kapclinic.local.ports import free_port
from kapclinic.local.processes import Processes
from kapclinic.local.testrun import TestRun
from tests import cast as people
from tests.cast import Cast

pytest.register_assert_rewrite("tests.e2e.screens")
from tests.e2e.chromium import FLAGS  # noqa: E402  (after the line above, so that it explains itself)
from tests.e2e.screens import PATIENCE, Served, Tablet  # noqa: E402

# Playwright's loop runs in this thread, where Django would otherwise see an asynchronous caller.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


LONGEST = 300  # seconds of a story, on a machine that does much else


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """A browser that answers no more is killed, which fails its story and those after it, rather than wait for ever."""

    def kill(*_: object) -> None:
        for child in psutil.Process().children(recursive=True):
            if "chrom" in child.name():
                child.kill()

    usual = signal.signal(signal.SIGALRM, kill)
    signal.alarm(LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, usual)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The static files by the hash of their content, as the image holds them."""
    env = {"HASHED_FILES": "1", "STATIC_ROOT": str(tmp_path_factory.mktemp("static"))}
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v", "0"]
    subprocess.run(command, cwd=CHECKOUT, env=os.environ | env, check=True, timeout=120)
    return env


@pytest.fixture(scope="session")
def clinic(
    test_run: TestRun,
    files: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
    django_test_environment: None,
) -> Iterator[Served]:
    """Web, worker and beat on a database of their own, and everybody who works at North."""
    name, valkey = test_run.another_database(), test_run.new_valkey()
    valkey.start()
    named = test_run.servers.env(database=name) | {"VALKEY_URL": valkey.url(), "SWEEP_SECONDS": "1"}
    env = os.environ | named | files | {"SESSION_IDLE_SECONDS": "900"}
    processes = Processes(env=env, port=free_port(), logs=tmp_path_factory.mktemp("logs"))
    settings = connections["default"].settings_dict
    usual = settings["NAME"]
    connections.close_all()
    settings["NAME"] = name
    try:
        with django_db_blocker.unblock():
            processes.start("web", "worker", "beat")
            cast: Cast = people.assemble()
            processes.wait_ready()
            yield Served(cast=cast, base_url=processes.base_url)
    finally:
        processes.close()
        connections.close_all()
        settings["NAME"] = usual
        valkey.kill()
        test_run.servers.drop_database(name)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tablet(clinic: Served, chromium: Browser) -> Iterator[Tablet]:
    """A browser of its own, 1280 by 800. Whatever its console complains of fails the test."""
    yield from Tablet.lent(clinic, chromium)


@pytest.fixture
def installed(clinic: Served, chromium: Browser) -> Iterator[Tablet]:
    """A tablet whose service worker lets the bedside open without a network."""
    yield from Tablet.lent(clinic, chromium, service_workers="allow")


@pytest.fixture
def touch(clinic: Served, chromium: Browser) -> Iterator[Tablet]:
    """A tablet held upright, 768 by 1024, without a mouse."""
    yield from Tablet.lent(clinic, chromium, viewport={"width": 768, "height": 1024}, has_touch=True)
