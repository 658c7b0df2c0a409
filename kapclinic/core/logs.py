"""One line of the log: JSON with what is needed to find a fault, and nothing that a person wrote.

A line names the request, the user and the row by ids, the address by its pattern (`api/v1/clients/<uuid:pk>/`), and an
error by its class and places: an error's own words may quote a row, so they are left out, as are addresses as they
were asked. Source: 45 CFR 164.502(b) (minimum necessary); ASVS 5.0 16.2.5.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from typing import Any, ClassVar

from kapclinic.core.discreet import Discreet, without_row

FORMATS = ("json", "line")
OF_OURS = frozenset({"kapclinic.requests"})  # method, pattern, status and time: no word of anybody's
LEFT_OUT = "-"  # in the place of an address as it was asked
_about: ContextVar[Mapping[str, Any] | None] = ContextVar("about", default=None)


def lean() -> None:
    """Records of this process say nothing of threads and processes, which no line of ours tells."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def chosen(environ: Mapping[str, str]) -> str:
    """How lines are written: as LOG_FORMAT says, else for a machine, and in development for a person."""
    embedded = environ.get("KAP_EMBEDDED", "").lower() in {"1", "true", "yes", "on", "y", "ok"}
    return environ.get("LOG_FORMAT") or ("line" if embedded else "json")


class about:  # noqa: N801  (a block, as `with about(...)`; on each request, where a generator costs three times as much)
    """Every line that is written in here, in this thread, also says `facts`: ids and names of ours, never a text."""

    __slots__ = ("_facts", "_token")

    def __init__(self, **facts: Any) -> None:
        self._facts = facts

    def __enter__(self) -> None:
        self._token: Token[Mapping[str, Any] | None] = _about.set({**(_about.get() or {}), **self._facts})

    def __exit__(self, *_: object) -> None:
        _about.reset(self._token)


def facts() -> Mapping[str, Any]:
    """What every line says at this moment."""
    return _about.get() or {}


def _places(error: BaseException) -> list[str]:
    """Where it went wrong, outermost first: files, lines and functions, without what stood in them."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        yield here
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)


def words(record: logging.LogRecord) -> str:
    """The message without the words of an error and without an address as it was asked.

    Celery passes an error with its traceback as arguments, Django the request's path.
    """
    args = record.args
    if record.name == "celery.app.trace" and isinstance(args, Mapping):
        return f"task {args.get('name', '')} {args.get('description', '')}".strip()
    asked = getattr(getattr(record, "request", None), "path", None)
    if isinstance(asked, str) and isinstance(args, tuple):
        return str(record.msg) % tuple(LEFT_OUT if asked in str(one) else one for one in args)
    if record.exc_info and isinstance(args, tuple) and any(isinstance(one, BaseException) for one in args):
        return str(record.msg)
    return record.getMessage()


_written = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=str).encode


class Lines(logging.Formatter):
    """A record as one line of JSON. Of what a caller hands over beside the message, only `KEPT` is written."""

    KEPT: ClassVar[tuple[str, ...]] = ("user", "method", "route", "status", "ms", "task")

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if record.name in OF_OURS else without_row(words(record)),
        }
        line |= facts()
        given = vars(record)
        line |= {name: given[name] for name in self.KEPT if name in given}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"] = [
                {"type": type(one).__name__, "sqlstate": getattr(one, "sqlstate", None), "at": _places(one)}
                for one in _causes(error)
            ]
        return _written(line)


class Plain(Discreet):
    """A record for whoever develops: words, and where an error was raised."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")


def formatter(environ: Mapping[str, str]) -> logging.Formatter:
    """The formatter of this process (`chosen`)."""
    return Lines() if chosen(environ) == "json" else Plain()
