"""`manage.py states`: every state machine of the house, as docs/states.md."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from django.apps import apps
from django.conf import settings

from kapclinic.core.transitions import Move, Moves
from kapclinic.trail.management.documents import DocumentCommand, table

INTRO = """# State machines

Written by `manage.py states --write` from the `…_MOVES` tables in the code; `tests/test_moves.py` tries every state
with every move as every role. `system` is the worker. A dash means that the state stays."""


def _ours() -> list[ModuleType]:
    """The packages of the installed apps that live in this checkout."""
    return [
        config.module
        for config in apps.get_app_configs()
        if config.module and str(settings.BASE_DIR) in config.path and ".venv" not in config.path
    ]


def rules_modules() -> list[ModuleType]:
    """Every `rules` module, and every module of a `rules` package, of every app and room."""
    names = {
        info.name
        for package in _ours()
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if "rules" in info.name.split(".")
    }
    return [importlib.import_module(name) for name in sorted(names)]


def tables() -> dict[str, Moves]:
    """Each machine by its full name, e.g. ``sessions.booking.rules.SESSION_MOVES``; a table that is only imported
    elsewhere counts once, and one made of another's rows (what callers may see of it) not at all."""
    found: dict[str, Moves] = {}
    moves: set[int] = set()
    for module in rules_modules():
        for name, value in vars(module).items():
            if not f"_{name}".endswith("_MOVES") or not all(
                isinstance(move, Move) for move in value.values()
            ):
                continue
            if {id(move) for move in value.values()} <= moves:
                continue
            moves |= {id(move) for move in value.values()}
            found[f"{module.__name__}.{name}"] = value
    return found


def title(name: str) -> str:
    """What the machine moves: the table's own word, or its room's."""
    path, _, word = name.rpartition(".")
    word = path.split(".")[-2] if word == "MOVES" else word.removesuffix("_MOVES")
    return word.replace("_", " ").capitalize()


def _rows(moves: Moves) -> list[list[str]]:
    return [
        [name, ", ".join(sorted(move.sources)), move.target or "–", ", ".join(sorted(move.roles))]
        for name, move in moves.items()
    ]


class Command(DocumentCommand):
    help = "Prints every state machine; --write keeps it in docs/states.md, --check compares."
    document = "states.md"

    def render(self) -> str:
        parts = [INTRO]
        for name, moves in tables().items():
            lines = table(["move", "from", "to", "by"], _rows(moves))
            parts.append(f"## {title(name)}\n\n`{name}`\n\n{lines.rstrip()}")
        return "\n\n".join(parts) + "\n"
