"""An ordinary account: no root anywhere, the data beside the code."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kapclinic.local.places import CHECKOUT

FILES = ("__init__.py", "celery.py", "local")


def unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A small copy of this package that belongs to an ordinary account, in a folder with a blank in its name."""
    base = Path(tempfile.mkdtemp(prefix="kap of "))
    (base / "kapclinic").mkdir()
    for name in FILES:
        source = CHECKOUT / "kapclinic" / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, base / "kapclinic" / name)
    if account := unprivileged():
        for path in (base, *base.rglob("*")):
            os.chown(path, account["user"], account["group"])
    yield base
    shutil.rmtree(base)


@pytest.fixture
def python() -> str:
    """An interpreter that the account may run: this one may lie in root's home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        if Path(candidate).exists() and run(candidate, "-c", "import psycopg, redis, celery").returncode == 0:
            return candidate
    pytest.skip("no Python here that another account may run")


def run(*command: str, cwd: Path = Path("/")) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": sysconfig.get_path("purelib")}
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
            **unprivileged(),
        )
    except PermissionError as refused:
        return subprocess.CompletedProcess(command, 126, "", str(refused))


def test_an_ordinary_user_keeps_the_servers_beside_the_code(checkout: Path, python: str) -> None:
    def local(*words: str) -> subprocess.CompletedProcess[str]:
        return run(python, "-m", "kapclinic.local", *words, cwd=checkout)

    try:
        started = local("up")
        assert started.returncode == 0, started.stderr
        assert local("up").stdout == started.stdout
        assert (checkout / ".kap/data/pg/PG_VERSION").read_text().strip() == "18"
        assert (checkout / ".kap").stat().st_mode & 0o777 == 0o700
        assert "DATABASE_URL=postgresql://kap_app:" in local("env").stdout
        assert local("status").returncode == 0
    finally:
        assert local("down").returncode == 0
    assert local("status").returncode == 3
