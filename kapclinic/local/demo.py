"""``make demo``: a whole clinic on this machine in the foreground, with a story played in it; Ctrl-C ends all of it.

Its code is imported once, by the launcher: all of its processes, and those that are started again, run what stood there
when it was opened.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from kapclinic.local import lending, migrating, services
from kapclinic.local.keeper import Keeper, Share
from kapclinic.local.places import LocalError, Place, default_place, hold
from kapclinic.local.ports import is_free
from kapclinic.local.processes import OWNER, Processes, signature, sweep_orphans
from kapclinic.local.servers import Servers
from kapclinic.local.template import Template
from kapclinic.local.warm import Begun, Launcher, all_of

DATABASE = "kap_demo"
# Where each role's day starts (kapclinic/ui/screens.py, which stands above this package); who is not here uses the API.
SCREENS = {
    "front_desk": "/desk/schedule",
    "nurse_practitioner": "/bedside",
    "therapist": "/notes",
    "prescriber": "/decide",
    "billing": "/billing",
    "medical_director": "/director",
    "admin": "/people",
}
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
GIVEN = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "VALKEY_URL")


class Stopped(Exception):
    """Somebody asked the demo to end."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What the demo plays on."""

    env: dict[str, str]
    logs: Path
    place: Place
    share: Share | None  # None: the servers were given
    launcher: Launcher


def main() -> int:
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        sweep_orphans()
        port = _port()
        with _stage(port) as stage:
            _play(stage, port)
    except Stopped:
        return 0
    except LocalError as refused:
        sys.stderr.write(f"\n{refused}\n")
        return 1
    return 0


class _Shield:
    """While a process is being started, a signal is kept until somebody knows it: else nobody would end it."""

    raised = 0
    asked = False


@contextlib.contextmanager
def _shielded() -> Iterator[None]:
    _Shield.raised += 1
    try:
        yield
    finally:
        _Shield.raised -= 1


def _heed() -> None:
    """Stop now, when it was asked for behind the shield.

    :raises Stopped: then
    """
    if _Shield.asked:
        raise Stopped


def _stop(number: int, frame: object) -> None:
    _stop_listening()
    _Shield.asked = True
    if not _Shield.raised:
        raise Stopped


def _stop_listening() -> None:
    """Make sure that a second Ctrl-C does not cut the cleaning short."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise LocalError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    if not is_free(int(text)):
        raise LocalError(f"Port {text} is taken. Choose another: make demo PORT={int(text) % 65535 + 1}")
    return int(text)


@contextlib.contextmanager
def _stage(port: int) -> Iterator[Stage]:
    place = default_place()
    place.prepare()
    given = [name for name in GIVEN if os.environ.get(name)]
    if given:
        if missing := set(GIVEN) - set(given):
            raise LocalError(
                f"{' and '.join(given)} given, {' and '.join(sorted(missing))} not: give all three, or none."
            )
        env = _env({})
        with _launching(env) as launcher:
            yield Stage(env=env, logs=_logs(place, port), place=place, share=None, launcher=launcher)
        return
    with contextlib.ExitStack() as held:
        held.callback(services.down_if_unused, place)  # last of all, when nobody else uses the pair
        held.enter_context(_held(hold(place.users)))
        stage = _embedded_stage(place, port, held)
        held.callback(_stop_listening)  # first of all
        yield stage


def _embedded_stage(place: Place, port: int, held: contextlib.ExitStack) -> Stage:
    """Start the pair and make a clinic of nobody yet, so that every demo tells its story from the beginning."""
    _say("starting PostgreSQL and Valkey")
    servers = services.up(place).servers
    launcher = held.enter_context(_launching(_env(servers.env(database=DATABASE))))
    only = hold(place.base / "demo.lock", shared=False, wait=False)
    database = (
        DATABASE if only else f"{DATABASE}_{port}"
    )  # a second demo beside the first has a clinic of its own
    if only:
        held.enter_context(_held(only))
    else:
        held.callback(servers.drop_database, database)
    number, lease = services.lease_valkey_database(place, servers)
    held.enter_context(_held(lease))
    servers.flush_valkey(number)
    _fill(launcher, servers, database)
    share = Share(place=place, database=database, valkey_database=number)
    env = _env(share.env(servers))
    return Stage(env=env, logs=_logs(place, port), place=place, share=share, launcher=launcher)


@contextlib.contextmanager
def _launching(env: dict[str, str]) -> Iterator[Launcher]:
    """Who begins all of the demo's processes; it imports what they need while the servers are still at work."""
    with _shielded():
        launcher = Launcher(env | {OWNER: signature(psutil.Process())})
    try:
        _heed()
        yield launcher
    finally:
        launcher.close()


def _fill(launcher: Launcher, servers: Servers, database: str) -> None:
    """The migrated database anew: a copy of what the tests begin with as well, which is made once per migration."""
    _say("applying the migrations")
    template = Template(
        servers, migrating=lambda env: _finished(launcher, [*migrating.COMMAND], _env(env), named="migrate")
    )
    try:
        servers.drop_database(database)
        servers.create_database(database, template=template.name)
    finally:
        template.close()


def _held(handle: IO[str] | None) -> contextlib.AbstractContextManager[Any]:
    return handle or contextlib.nullcontext()


def _env(servers: dict[str, str]) -> dict[str, str]:
    ours = {
        "KAP_EMBEDDED": "1",
        "DJANGO_SETTINGS_MODULE": "kapclinic.settings",
        "SWEEP_SECONDS": os.environ.get("SWEEP_SECONDS") or "10",
        "KAP_DEMO_PASSWORD": os.environ.get("KAP_DEMO_PASSWORD") or secrets.token_urlsafe(12),
    }
    whole = os.environ | ours | servers
    whole.pop("KAP_SUPERUSER_URL", None)  # no process of the clinic has a use for it
    return whole


def _logs(place: Place, port: int) -> Path:
    logs = place.logs / f"demo-{port}"
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in logs.glob("*.log"):
        old.unlink()
    return logs


def _play(stage: Stage, port: int) -> None:
    runtime = {name: value for name, value in stage.env.items() if name != "MIGRATION_DATABASE_URL"}
    if stage.share is None:
        _say("applying the migrations")
        _finished(stage.launcher, [*migrating.COMMAND], stage.env, named="migrate")
    _say("opening the demo clinic")
    logins = _logins(_manage(stage.launcher, runtime, "seed_demo", "--json"))
    opening = stage.logs / "opening"  # while it is there, /readyz says that the story is still being played
    opening.touch()
    env = runtime | {"KAP_OPENING": str(opening)}
    processes = Processes(env=env, port=port, logs=stage.logs, launcher=stage.launcher)
    lent = lending.publish(stage.place, port, stage.env)
    try:
        _say(f"starting web, worker and beat (logs in {stage.logs})")
        with _shielded():
            processes.start("web", "worker", "beat")
        _heed()
        processes.wait_ready()
        keeper = _keeper(stage, processes)
        _tell_story(stage.launcher, runtime, keeper)
        opening.unlink(missing_ok=True)
        _greet(processes.base_url, logins, _beside(stage, port))
        while True:
            keeper.look()
            time.sleep(0.5)
    finally:
        _stop_listening()
        lent.unlink(missing_ok=True)
        opening.unlink(missing_ok=True)
        _say("stopping")
        processes.stop()
        processes.close()


def _keeper(stage: Stage, processes: Processes) -> Keeper:
    def moved(urls: dict[str, str]) -> None:
        stage.env.update({name: urls[name] for name in GIVEN})
        lending.publish(stage.place, processes.port, stage.env)

    return Keeper(processes=processes, share=stage.share, say=_say, moved=moved)


def _beside(stage: Stage, port: int) -> str:
    """Return the command line that reaches this demo, and not another one beside it."""
    first = (lending.published(stage.place) or {}).get("DATABASE_URL") == stage.env["DATABASE_URL"]
    return f"{'' if first else f'PORT={port} '}.venv/bin/python manage.py"


def _manage(launcher: Launcher, env: dict[str, str], *words: str) -> str:
    """Run one management command to its end and return what it printed.

    :raises LocalError: with the end of its output, when it fails
    """
    return _finished(launcher, [sys.executable, "manage.py", *words], env, named=words[0])


def _finished(launcher: Launcher, command: list[str], env: dict[str, str], *, named: str) -> str:
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
        with _ended(launcher, command, env, said, errors) as process:
            code = process.wait()
        output, told = all_of(said), all_of(errors)
    if code:
        raise LocalError(f"manage.py {named} failed:\n{(told or output)[-2500:]}")
    return output


def _tell_story(launcher: Launcher, env: dict[str, str], keeper: Keeper) -> None:
    command = [sys.executable, "manage.py", "demo_story", "--base-url", keeper.processes.base_url]
    with _ended(launcher, command, env, sys.stdout, sys.stderr) as process:
        while process.poll() is None:
            keeper.look()
            time.sleep(0.2)
        if process.returncode:
            _say(f"the story broke off (exit {process.returncode}); the clinic stays open")


@contextlib.contextmanager
def _ended(
    launcher: Launcher, command: list[str], env: dict[str, str], said: IO[str], errors: IO[str]
) -> Iterator[Begun]:
    """Run a command and leave nothing of it behind when the demo is stopped in the middle of it."""
    with _shielded():
        process = launcher.begin(command, env=env, stdout=said, stderr=errors)
    try:
        _heed()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _logins(output: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(output[output.index("{") :])
    except ValueError as broken:
        raise LocalError(f"manage.py seed_demo --json printed no JSON:\n{output[-1000:]}") from broken
    return found


def _greet(base_url: str, logins: dict[str, Any], manage: str) -> None:
    users = _one_a_role(logins.get("users", []))
    width = max((len(user["email"]) for user in users), default=0)
    lines = ["", f"The clinic is open at {base_url}/", ""]
    lines += [
        f"  {user['email']:<{width}}  {', '.join(user.get('roles', [])):<18}  {base_url}{_screen_of(user)}"
        for user in users
    ]
    lines += ["", f"  password for all of them: {logins.get('password', '')}"]
    lines += ["  Who works at the other clinic signs in as frontdesk2@…, np2@…", ""]
    lines += [f"API: {base_url}/api/v1/docs/"]
    lines += [f"manage.py sweep, verify_audit ... work beside it: {manage} sweep"]
    lines += ["Ctrl-C stops it.", ""]
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()


def _one_a_role(users: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first login of each role, in the order of their screens; those of the first location come first."""
    first: dict[str, dict[str, Any]] = {}
    for user in users:
        first.setdefault(user.get("roles", [""])[0], user)
    order = [*SCREENS, *(role for role in first if role not in SCREENS)]
    return [first[role] for role in order if role in first]


def _screen_of(user: dict[str, Any]) -> str:
    return next((SCREENS[role] for role in user.get("roles", []) if role in SCREENS), "/api/v1/docs/")


def _say(text: str) -> None:
    sys.stdout.write(f"- {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
