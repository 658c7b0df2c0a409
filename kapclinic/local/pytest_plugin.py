"""The pytest plugin: real servers before Django's settings load, and a database per process.

Loaded with ``-p`` from pyproject.toml, since pytest-django reads the settings before any conftest.py is imported. With
``KAP_SUPERUSER_URL``, ``MIGRATION_DATABASE_URL``, ``DATABASE_URL`` and ``VALKEY_URL`` all set, those servers are used
(their database names are replaced). The embedded pair stays up for the next run unless ``KAP_TEST_STOP=1``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator

import pytest

from kapclinic.local import fixtures
from kapclinic.local.compiling import compile_all
from kapclinic.local.places import LocalError
from kapclinic.local.testrun import TestRun


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        try:
            run = TestRun.begin()
        except LocalError as refused:
            raise pytest.UsageError(str(refused)) from refused
        early_config.stash[fixtures.RUN] = run
        os.environ.update(run.env)
    yield


def pytest_configure(config: pytest.Config) -> None:
    # Registered after pytest-django, whose django_db_setup ours replaces.
    config.pluginmanager.register(fixtures, "kapclinic-fixtures")
    if hasattr(config, "workerinput"):
        _tell_less(config)


def _tell_less(config: pytest.Config) -> None:
    """A worker tells how each test went, and what came before and after only where that failed or all is asked."""
    if config.getoption("durations") or config.getoption("verbose") > 0 or config.getoption("xmlpath", None):
        return
    plugins = config.pluginmanager
    for teller in [one for one in plugins.get_plugins() if hasattr(one, "sendevent")]:
        tell = teller.pytest_runtest_logreport

        def told(report: pytest.TestReport, tell: Callable[..., None] = tell) -> None:
            if report.when == "call" or not report.passed:
                tell(report=report)

        plugins.unregister(teller)
        teller.pytest_runtest_logreport = pytest.hookimpl(told)
        plugins.register(teller)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Several workers are about to begin, which all need the same: it is made once, on as many cores as there are."""
    run = session.config.stash.get(fixtures.RUN, None)
    if run is not None and _shares_out(session.config):
        run.make_template_meanwhile()
        compile_all(session.config)


def _shares_out(config: pytest.Config) -> bool:
    return bool(config.getoption("tx", None)) and not hasattr(config, "workerinput")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(fixtures.RUN, None)
    if run is not None:
        run.end()
