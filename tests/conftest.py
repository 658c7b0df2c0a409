"""Fixtures that every test shares."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Generator, Iterator
from datetime import datetime

import pytest
from _pytest.runner import runtestprotocol

from kapclinic.core import clock, scope
from kapclinic.core.postgresql.scoped import Kept
from kapclinic.core.stack import roomy
from kapclinic.practice import auth
from kapclinic.trail import strangers
from tests import cast as people
from tests import held, replay
from tests.cast import Cast
from tests.hashers import hash_quickly
from tests.memory import in_large_pages

# Of a minute each, or mostly of waiting for processes: begun last, one would keep one core long after the other is done.
LONG = (
    "tests/local/",
    "tests/faults/",
    "tests/bench/",
    "tests/simulation/",
    "tests/practice/test_demo_clinic.py",
)
GROWN = 200  # tests; after these more is in use
_begun = itertools.count(1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones, after all were put in the order of chance, which each of the two groups keeps."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Tests are gathered without a look for garbage, and what is there then is never looked through again: it stays as
    long as the run, and a look costs what the tests left alone.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()
        in_large_pages()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """As pytest's own, with room for a test's frames: of these calls, a tenth of its time went to asking for it.
    What has grown since the last such moment joins the large pages.
    """
    if next(_begun) % GROWN == 0:
        in_large_pages()
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    roomy(runtestprotocol, item, nextitem=nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Whoever commits finds nothing of what others began with."""
    if held.stands_alone(item):
        held.let_go()


@pytest.fixture(autouse=True, scope="session")
def _quick() -> Iterator[None]:
    hash_quickly()
    scope.begin("test")
    Kept.prepared_max = (
        2000  # a test asks each of the clinic's questions once or twice, another one asks it again
    )
    held.install()
    yield
    held.let_go()


@pytest.fixture(autouse=True)
def _nobody_was_here() -> None:
    """What strangers did in one test is not counted in the next, and no token was used in it."""
    strangers.forget()
    auth.forget()


@pytest.fixture
def now() -> Iterator[datetime]:
    """The clock stands on a Monday, 09:00 in Denver."""
    with clock.fixed(people.MONDAY):
        yield people.MONDAY


@pytest.fixture
def cast(db: None, now: datetime, request: pytest.FixtureRequest) -> Iterator[Cast]:
    """Two locations, one person per role."""
    found: Cast = replay.played("cast", people.assemble)
    with replay.story(found, patched=_patched(request)):
        yield found


def _patched(request: pytest.FixtureRequest) -> Callable[[], bool]:
    """Whether the test has put something else in the place of a part of ours, or waits for what follows a commit."""
    if "django_capture_on_commit_callbacks" in request.fixturenames:
        return lambda: True
    asked = [
        request.getfixturevalue(name) for name in ("monkeypatch", "settings") if name in request.fixturenames
    ]
    kept = ("_setattr", "_setitem", "_to_restore")
    return lambda: any(getattr(fixture, name, None) for fixture in asked for name in kept)
