"""Log lines that say which error it was and where, and nothing of the row that it was about.

PostgreSQL tells a refused row in the DETAIL of its error, and Django and Celery repeat that in their messages. So an
exception is told by its class and its place in the code; one of the database also by SQLSTATE, table and constraint.
Its message is left out, but for classes whose messages are of the machine.
"""

from __future__ import annotations

import copy
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TypeAlias

import psycopg
import redis
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DjangoError

OfMachine: TypeAlias = ImproperlyConfigured | ImportError | OSError | redis.RedisError
ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_ROW = re.compile(r"DETAIL:|CONTEXT:|Failing row contains|Key \([^)]*\)=\(")
_SECRET_PATH = re.compile(r"(/calendars/|(?<!\S)/l/)[^/\s]+")


def _of_database(error: BaseException) -> psycopg.Error | None:
    if isinstance(error, psycopg.Error):
        return error
    cause = error.__cause__ if isinstance(error, DjangoError) else None
    return cause if isinstance(cause, psycopg.Error) else None


def named(error: BaseException) -> str:
    """The error without what it says of a row."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, OfMachine):
        return f"{name}: {error}"
    cause = _of_database(error)
    if cause is None:
        return name
    if cause.sqlstate is None and isinstance(cause, psycopg.OperationalError):
        return f"{name}: {str(cause).partition('DETAIL:')[0].strip()}"  # no connection: no row was looked at
    told = {
        "sqlstate": cause.sqlstate,
        "table": cause.diag.table_name,
        "constraint": cause.diag.constraint_name,
    }
    return f"{name} ({', '.join(f'{key} {value}' for key, value in told.items() if value)})"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, the first cause first."""
    seen: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in seen:
        seen.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    yield from reversed(seen)


def without_row(text: str) -> str:
    """The text up to where it begins to tell a row, and without what opens a page by itself."""
    found = _ROW.search(text)
    kept = text if found is None else f"{text[: found.start()].rstrip()} [row left out]"
    return _SECRET_PATH.sub(r"\1-", kept)


class Discreet(logging.Formatter):
    """As the library's, but for exceptions."""

    def format(self, record: logging.LogRecord) -> str:
        if not record.exc_info and not record.stack_info and not isinstance(record.args, Mapping):
            record.message = without_row(record.getMessage())
            record.asctime = self.formatTime(record, self.datefmt)
            return self.formatMessage(record)
        told = copy.copy(record)
        told.exc_text = None  # of another formatter, which may have said more
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(told.args, Mapping) and "exc" in told.args:  # Celery's way to say what a task raised
            said = named(error) if error is not None else str(told.args["exc"]).partition("(")[0]
            told.args = {**told.args, "exc": said, "traceback": ""}
        told.msg, told.args = without_row(told.getMessage()), ()
        return super().format(told)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802  (the library's name)
        if ei[1] is None:
            return ""
        parts = []
        for error in _chain(ei[1]):
            parts += ["".join(traceback.format_tb(error.__traceback__)).rstrip(), named(error)]
        return "\n".join(part for part in parts if part)
