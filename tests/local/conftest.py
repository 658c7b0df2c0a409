"""Places of their own for the tests that start, kill and stop servers: the shared pair is never touched."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapclinic.local import services
from kapclinic.local.places import Place, server_account
from kapclinic.local.testrun import TestRun
from tests.local.made import Made, copied


@contextlib.contextmanager
def a_place() -> Iterator[Place]:
    """A folder that the servers' account can pass through, which pytest's own are not."""
    base = Path(tempfile.mkdtemp(prefix="kap-test-"))
    base.chmod(0o711 if server_account() else 0o700)
    place = Place(base=base, account=server_account())
    yield place
    services.down(place)
    shutil.rmtree(base)


@pytest.fixture
def empty_place() -> Iterator[Place]:
    with a_place() as place:
        yield place


@pytest.fixture
def migrated_place(empty_place: Place, test_run: TestRun) -> Place:
    """A place whose servers were up before, with the template of this checkout."""
    return copied(empty_place, test_run, Made.MIGRATED)


@pytest.fixture
def place_behind(empty_place: Place, test_run: TestRun) -> Place:
    """A place whose servers were up before, with a template that `migrate` is asked to look at again."""
    return copied(empty_place, test_run, Made.BEHIND)


@pytest.fixture(scope="module")
def shared_place(test_run: TestRun) -> Iterator[Place]:
    """For the tests that change nothing which another one looks at, whatever they do to the servers."""
    with a_place() as place:
        yield copied(place, test_run)


@pytest.fixture
def shared_pair(shared_place: Place) -> services.Pair:
    """Up, also where the test before killed, stopped or moved them."""
    return services.up(shared_place)


@pytest.fixture
def pair(empty_place: Place, test_run: TestRun) -> services.Pair:
    """Up, in a place whose servers were up before: those that are made anew here are of the tests of that."""
    return services.up(copied(empty_place, test_run))
