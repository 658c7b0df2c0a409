"""``make restore-drill``: a clinic is lost with its machine, and comes back from what stood elsewhere. JSON.

From nothing, in a folder of its own: a cluster, a clinic, a backup, writing that goes on. Then PostgreSQL is killed
with all of its processes, and its disk and that of the service `keep_backups` are gone. What is on the shelf is
restored, the clinic opens on it, and every chain is walked. Then the same shelf once more, to a moment in the middle.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg

from kapclinic.local import services, template
from kapclinic.local.binaries import find_binaries
from kapclinic.local.places import CHECKOUT, LocalError, Place, server_account
from kapclinic.local.ports import free_port, wait_until
from kapclinic.local.postgres import SUPERUSER
from kapclinic.local.processes import Processes
from kapclinic.local.services import Pair, State
from kapclinic.local.warm import Begun, Launcher

DATABASE = "kap_drill"
RPO_SECONDS, RTO_SECONDS = 60.0, 300.0
LOG_SECONDS = 2
Fill = Callable[[Pair], None]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The drill's folder: the clinic's machine, the shelf on another one, and where it is restored."""

    base: Path
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    key: str = field(default_factory=lambda: base64.b64encode(os.urandom(32)).decode())
    launcher: Launcher | None = None  # of a test, which begins processes by it

    @property
    def shelf(self) -> Path:
        return self.base / "elsewhere"

    def place(self, name: str) -> Place:
        place = Place(base=self.base / name, account=server_account())
        place.prepare()
        return place

    def env(self, pair: Pair) -> dict[str, str]:
        """What each process of the clinic needs."""
        own = {"DJANGO_SETTINGS_MODULE": "kapclinic.settings", "KAP_DEMO_PASSWORD": self.password}
        return os.environ | own | pair.servers.env(database=DATABASE)

    def backup_env(self, pair: Pair) -> dict[str, str]:
        """What the service of the backups needs, and whoever restores: no key of the clinic's own."""
        account = server_account()
        return self.env(pair) | {
            "KAP_PROCESS": "backup",
            "BACKUP_KEY": self.key,
            "BACKUP_DATABASE_URL": pair.postgres.url(SUPERUSER, DATABASE),
            "BACKUP_PROGRAMS": str(find_binaries(pair.postgres.place).postgres),
            "BACKUP_ACCOUNT": account.name if account else "",
            "BACKUP_SCRATCH": str(self.base / "scratch"),
            "BACKUP_LOG_SECONDS": str(LOG_SECONDS),
        }


def manage(*words: str, env: dict[str, str], launcher: Launcher | None = None) -> str:
    """Run a command of the clinic.

    :raises LocalError: with what it said, when it fails
    """
    command = [sys.executable, "manage.py", *words]
    if launcher is not None and launcher.takes(env):
        done = launcher.run(command, env=env)
    else:
        done = subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:  # 1 for what a command refuses
        raise LocalError(f"manage.py {words[0]} failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def _begun(
    ground: Ground, command: list[str], env: dict[str, str], said: IO[bytes], errors: IO[bytes]
) -> subprocess.Popen[bytes] | Begun:
    if ground.launcher is not None and ground.launcher.takes(env):
        return ground.launcher.begin(command, env=env, stdout=said, stderr=errors)
    return subprocess.Popen(
        command, cwd=CHECKOUT, env=env, stdout=said, stderr=errors, start_new_session=True
    )


class Writer:
    """A process of the clinic that logs one act after another, and says each once it is committed."""

    def __init__(self, ground: Ground, pair: Pair) -> None:
        self.said = said = ground.base / "acts"
        command = [sys.executable, "-m", "kapclinic.local.drill_writer"]
        with said.open("wb") as told, Path(os.devnull).open("wb") as nobody:
            self._process = _begun(ground, command, ground.env(pair), told, nobody)
        if not wait_until(lambda: bool(said.stat().st_size) or self._process.poll() is not None, seconds=120):
            raise LocalError("Nothing was written.")

    def acts(self) -> list[tuple[str, datetime]]:
        """All that was committed: id and moment, in their order."""
        lines = [line for line in self.said.read_text().splitlines() if line.endswith("Z")]
        return [(row[0], datetime.fromisoformat(row[1])) for row in (line.split() for line in lines)]

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def clinic(ground: Ground, fill: Fill) -> Iterator[Pair]:
    """The clinic's machine, with what `fill` puts into its database."""
    place = ground.place("clinic")
    try:
        pair = services.up(place)
        pair.servers.create_database(DATABASE)
        fill(pair)
        ground.shelf.mkdir(exist_ok=True)
        (ground.base / "scratch").mkdir(exist_ok=True)
        yield pair
    finally:
        services.down(place)


@contextmanager
def keeping(ground: Ground, pair: Pair) -> Iterator[subprocess.Popen[bytes] | Begun]:
    """The service of the backups, once the first one stands."""
    command = [sys.executable, "manage.py", "keep_backups", str(ground.shelf)]
    with (ground.base / "keep_backups.log").open("wb") as log:
        service = _begun(ground, command, ground.backup_env(pair), log, log)
    try:
        if not wait_until(lambda: _stands(ground) or service.poll() is not None, seconds=300, every=0.2):
            raise LocalError("No backup came to stand.")
        if service.poll() is not None:
            raise LocalError(f"keep_backups ended: {(ground.base / 'keep_backups.log').read_text()[-2000:]}")
        yield service
    finally:
        lose_service(service)


def _stands(ground: Ground) -> bool:
    return any(ground.shelf.glob("backups/*/manifest.json"))


def lose_service(service: subprocess.Popen[bytes] | Begun) -> None:
    """Kill the service with all that it started."""
    with psutil_gone():
        for process in [*psutil.Process(service.pid).children(recursive=True), psutil.Process(service.pid)]:
            process.kill()
    service.wait()


@contextmanager
def psutil_gone() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return


def lose_machine(pair: Pair) -> None:
    """Kill -9 PostgreSQL, each of its processes, and take its disk away."""
    postmaster = pair.postgres.process()
    assert postmaster is not None
    postmaster.suspend()  # no process is begun after they were counted
    gone = [postmaster, *postmaster.children(recursive=True)]
    for process in gone:
        with psutil_gone():
            os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(gone, timeout=10)
    shutil.rmtree(pair.postgres.folder)


def restored(
    ground: Ground, lost: Pair, name: str, *, to: datetime | None = None
) -> tuple[Pair, dict[str, Any]]:
    """A new machine with the cluster from the shelf, running; and what `restore` said."""
    place = ground.place(name)
    words = ["restore", str(ground.shelf), "--into", str(place.data / "pg")]
    told: dict[str, Any] = json.loads(
        manage(
            *words,
            *(["--to", to.isoformat()] if to else []),
            env=ground.backup_env(lost),
            launcher=ground.launcher,
        )
    )
    state = State.load(lost.postgres.place)
    assert state is not None
    replace(state, postgres_port=free_port(), valkey_port=free_port()).save(place)
    return services.up(place), told


def kept(pair: Pair, acts: list[tuple[str, datetime]]) -> int:
    """How many of the acts are there.

    :raises LocalError: when one is missing that is older than one that is there
    """
    with psycopg.connect(pair.postgres.url(SUPERUSER, DATABASE)) as connection:
        rows = connection.execute(
            "SELECT id::text FROM trail_auditevent WHERE action = 'drill.act'"
        ).fetchall()
    there = {row for (row,) in rows}
    count = sum(act in there for act, _ in acts)
    if any(act not in there for act, _ in acts[:count]):
        raise LocalError("An act is missing that is older than one that was restored.")
    return count


def opened(ground: Ground, pair: Pair) -> dict[str, Any]:
    """The clinic opens on the restored cluster: somebody signs in, and every chain holds."""
    logs = ground.base / "logs"
    logs.mkdir(exist_ok=True)
    processes = Processes(env=ground.env(pair), port=free_port(), logs=logs)
    try:
        processes.start("web")
        processes.wait_ready()
        ready = time.time()
        users = json.loads(manage("seed_demo", "--json", env=ground.env(pair)))["users"]
        body = json.dumps({"email": users[0]["email"], "password": ground.password}).encode()
        asked = urllib.request.Request(
            f"{processes.base_url}/api/v1/auth/login/", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return {"ready_at": ready, "signed_in": answer.status == 200}
    finally:
        processes.close()


def fill_anew(ground: Ground) -> Fill:
    """Migrations from the first on, and the demo's clinic."""

    def fill(pair: Pair) -> None:
        template.migrate(ground.env(pair))
        manage("seed_demo", env=ground.env(pair))

    return fill


def drill(ground: Ground, fill: Fill, *, seconds: float, opens: bool) -> dict[str, Any]:
    """Lose the clinic and bring it back; returns the figures. `opens`: also start the web on it.

    :raises LocalError: when something does not come back
    """
    with ExitStack() as held:
        pair = held.enter_context(clinic(ground, fill))
        service = held.enter_context(keeping(ground, pair))
        writer = Writer(ground, pair)
        held.callback(writer.end)
        time.sleep(seconds)  # as long as somebody works between the backup and the loss
        lost_at = datetime.now(UTC)
        lose_service(service)
        lose_machine(pair)
        writer.end()
        acts = writer.acts()
        (found, told) = restored(ground, pair, "restored")
        held.callback(services.down, found.postgres.place)
        back = datetime.now(UTC)
        count = kept(found, acts)
        figures: dict[str, Any] = {
            "acts_committed": len(acts),
            "acts_kept": count,
            "rpo_seconds": round((lost_at - acts[count - 1][1]).total_seconds(), 2) if count else None,
            "restore": told,
            "database_after_seconds": round((back - lost_at).total_seconds(), 1),
        }
        if opens:
            site = opened(ground, found)
            figures["rto_seconds"] = round(site["ready_at"] - lost_at.timestamp(), 1)
            figures["signed_in"] = site["signed_in"]
        manage("verify_audit", env=ground.env(found), launcher=ground.launcher)
        figures["verify_audit"] = "ok"
        if not count:
            raise LocalError(f"None of {len(acts)} acts came back.")
        middle = acts[count // 2]
        (then, _) = restored(ground, pair, "then", to=middle[1])
        held.callback(services.down, then.postgres.place)
        figures["to_a_moment"] = {"wanted": count // 2 + 1, "kept": kept(then, acts)}
        return figures


def passes(figures: dict[str, Any]) -> bool:
    """Whether what was promised was kept."""
    moment = figures["to_a_moment"]
    return bool(
        figures["rpo_seconds"] is not None
        and figures["rpo_seconds"] <= RPO_SECONDS
        and figures.get("rto_seconds", figures["database_after_seconds"]) <= RTO_SECONDS
        and moment["wanted"] == moment["kept"]
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m kapclinic.local.drill", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=20, help="how long the clinic works on before it is lost"
    )
    options = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="kap-drill-"))
    base.chmod(0o711)
    ground = Ground(base=base)
    try:
        figures = drill(ground, fill_anew(ground), seconds=options.seconds, opens=True)
    except LocalError as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    finally:
        shutil.rmtree(base, ignore_errors=True)
    figures["passed"] = passes(figures)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0 if figures["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
