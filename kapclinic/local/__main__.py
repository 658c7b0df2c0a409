"""``python -m kapclinic.local up | down | erase | status | env | run -- COMMAND``: the embedded pair by hand."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from typing import NoReturn

from kapclinic.local import services
from kapclinic.local.development import development_env
from kapclinic.local.places import LocalError, default_place, hold


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kapclinic.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in COMMANDS:
        commands.add_parser(name)
    run = commands.add_parser(
        "run", help="run a command with the pair and the database kap_dev in its environment"
    )
    run.add_argument("words", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    try:
        if options.command == "run":
            _run([word for at, word in enumerate(options.words) if at or word != "--"])
        return COMMANDS[options.command]()
    except LocalError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1


def _up() -> int:
    pair = services.up()
    sys.stdout.write(
        f"PostgreSQL on 127.0.0.1:{pair.postgres.port}, Valkey on 127.0.0.1:{pair.valkey.port}\n"
    )
    return 0


def _down() -> int:
    services.down()
    return 0


def _erase() -> int:
    services.erase()
    return 0


def _status() -> int:
    pair = services.running()
    sys.stdout.write("running\n" if pair else "stopped\n")
    return 0 if pair else 3


def _env() -> int:
    for name, value in development_env().items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    return 0


def _run(words: list[str]) -> NoReturn:
    """Become the command; its exit code is the answer."""
    if not words:
        raise LocalError("run what? python -m kapclinic.local run -- COMMAND")
    place = default_place()
    place.prepare()
    using = hold(place.users)
    if using is not None:
        os.set_inheritable(using.fileno(), True)  # noqa: FBT003 - the command keeps the pair in use
    os.environ.update(development_env())
    os.execvp(words[0], words)


COMMANDS: dict[str, Callable[[], int]] = {
    "up": _up,
    "down": _down,
    "erase": _erase,
    "status": _status,
    "env": _env,
}

if __name__ == "__main__":
    sys.exit(main())
