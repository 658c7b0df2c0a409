"""Our code compiled once, before the workers of a run import it: in a fresh checkout each would do all of it by itself.

Tests are compiled as pytest has them, with their assertions told apart, into files that pytest reads again only as
long as they are of the test's present words.
"""

from __future__ import annotations

import compileall
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.assertion.rewrite import (
    PYC_TAIL,
    _read_pyc,
    _rewrite_test,
    _write_pyc,
    assertstate_key,
    get_cache_dir,
    try_makedirs,
)

from kapclinic.local.places import CHECKOUT


def compile_all(config: pytest.Config) -> None:
    """What does not compile is left to whoever imports it, who says so."""
    if sys.dont_write_bytecode:
        return
    for path in _sources():
        if path.name == "conftest.py" or path.match("test_*.py"):
            _compile_test(path, config)
        else:
            compileall.compile_file(str(path), quiet=2)


def _sources() -> Iterator[Path]:
    for package in CHECKOUT.glob("*/__init__.py"):
        for path in package.parent.rglob("*.py"):
            if path.parts[-2:-1] != ("migrations",):
                yield path


def _compile_test(path: Path, config: pytest.Config) -> None:
    folder = get_cache_dir(path)
    compiled = folder / (path.name.removesuffix(".py") + PYC_TAIL)
    if _read_pyc(path, compiled) is not None or not try_makedirs(folder):
        return
    try:
        words, code = _rewrite_test(path, config)
    except (SyntaxError, ValueError):
        return
    _write_pyc(config.stash[assertstate_key], code, words, compiled)
