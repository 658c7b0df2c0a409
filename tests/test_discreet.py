"""What an error says of a row stays out of every log; its class, its place and its constraint do not."""

from __future__ import annotations

import logging
import sys
from typing import Any

import psycopg
import pytest
import redis
from django.db import IntegrityError, transaction

from kapclinic.core.discreet import Discreet, without_row
from kapclinic.practice.entry_models import LoginFailures

CANARY = "zebra-canary@example.test"
FORMAT = "%(levelname)s %(name)s %(message)s"


def _line(message: str, *args: Any, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error is not None else None
    record = logging.LogRecord("kapclinic", logging.ERROR, __file__, 1, message, args, info)
    return Discreet(FORMAT).format(record)


def _refused() -> IntegrityError:
    """The database's own words for somebody who is there already: they hold the row."""
    rows = [LoginFailures(email_digest=CANARY, count=1) for _ in range(2)]
    rows[0].save(force_insert=True)
    with transaction.atomic(), pytest.raises(IntegrityError) as refused:
        rows[1].save(force_insert=True)
    assert CANARY in str(refused.value)
    return refused.value


@pytest.mark.django_db
def test_a_row_that_was_refused_is_told_by_its_constraint() -> None:
    said = _line("unanticipated %s in %s", "IntegrityError", "View", error=_refused())
    assert CANARY not in said
    assert "django.db.utils.IntegrityError (sqlstate 23505, table practice_loginfailures, constraint " in said
    assert "psycopg.errors.UniqueViolation (sqlstate 23505" in said
    assert f'File "{__file__}"' in said
    assert "ERROR kapclinic unanticipated IntegrityError in View" in said


@pytest.mark.django_db
def test_what_wraps_it_says_no_more(caplog: pytest.LogCaptureFixture) -> None:
    refused = _refused()
    for wrapped in (RuntimeError(f"it failed: {refused}"), ValueError(CANARY), KeyError(CANARY)):
        wrapped.__cause__ = refused
        said = _line("failed", error=wrapped)
        assert CANARY not in said
        assert type(wrapped).__name__ in said
    assert CANARY not in _line("it failed: %s", refused)
    assert CANARY not in _line("it failed: %r", refused)


@pytest.mark.django_db
def test_a_task_that_failed_is_told_as_briefly() -> None:
    """The line is Celery's own: its arguments are one mapping, with the exception's text in it twice."""
    refused = _refused()
    told = {"name": "sessions.sweep", "id": "1", "exc": repr(refused), "traceback": str(refused)}
    told |= {"description": "raised unexpected"}
    for error in (refused, None):
        said = _line("Task %(name)s[%(id)s] %(description)s: %(exc)s\n%(traceback)s", told, error=error)
        assert CANARY not in said
        assert "Task sessions.sweep[1] raised unexpected: " in said
        assert "IntegrityError" in said


def test_what_is_of_the_machine_is_said_in_its_own_words() -> None:
    for error in (
        redis.ConnectionError("Error 111 connecting to valkey:6379."),
        OSError(28, "No space left"),
    ):
        assert str(error) in _line("away", error=error)
    assert _line("without one") == "ERROR kapclinic without one"


def test_a_database_that_is_away_is_named() -> None:
    with pytest.raises(psycopg.OperationalError) as away:
        psycopg.connect("postgresql://kap_app@127.0.0.1:1/kap", connect_timeout=5)
    assert "127.0.0.1" in _line("away", error=away.value)


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, other = ValueError("one"), TypeError("other")
    one.__cause__, other.__cause__ = other, one
    assert "ValueError" in _line("round", error=one)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Internal Server Error: /l/abcDEF123/answers", "Internal Server Error: /l/-/answers"),
        ("Not Found: /api/v1/calendars/s3cr3t/", "Not Found: /api/v1/calendars/-/"),
        ("duplicate key\nDETAIL:  Key (email)=(x) already\nexists", "duplicate key [row left out]"),
        ("Failing row contains (1, a\nb)", " [row left out]"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_words_that_would_tell_are_left_out(said: str, kept: str) -> None:
    assert without_row(said) == kept


def test_every_handler_of_the_settings_is_discreet() -> None:
    handlers = [one for one in logging.getLogger().handlers if getattr(one, "stream", None) is sys.stderr]
    ours = [one for one in handlers if isinstance(one.formatter, Discreet)]
    assert ours or any(isinstance(one.formatter, Discreet) for one in logging.getLogger().handlers)
