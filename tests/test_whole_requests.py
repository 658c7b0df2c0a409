"""Requests come whole to a few hands: nothing is lost on the way, and each hand ends what it began."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from kapclinic.core.whole import HANDS, Start, Whole
from kapclinic.local.places import CHECKOUT


class Echo:
    """Answers with the body; knows which threads worked, and where each answer was closed."""

    def __init__(self) -> None:
        self.worked: set[int] = set()
        self.closed: set[int] = set()
        self.together = threading.Barrier(HANDS, timeout=10)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        self.worked.add(threading.get_ident())
        if environ["PATH_INFO"] == "/together/":
            self.together.wait()
        start("200 OK", [("Content-Type", "text/plain")])
        return Answer(self, environ["wsgi.input"].read())


class Answer(Iterator[bytes]):
    def __init__(self, echo: Echo, body: bytes) -> None:
        self.echo, self.parts = echo, iter([body[:3], body[3:]])

    def __next__(self) -> bytes:
        return next(self.parts)

    def close(self) -> None:
        self.echo.closed.add(threading.get_ident())


class Slow(BytesIO):
    """A body that is read somewhere."""

    read_by = 0

    def read(self, size: int | None = -1, /) -> bytes:
        Slow.read_by = threading.get_ident()
        return super().read(size)


def _ask(whole: Whole, body: bytes, *, path: str = "/", length: str | None = None) -> tuple[str, bytes]:
    told: list[str] = []
    environ = {"PATH_INFO": path, "CONTENT_LENGTH": length or str(len(body)), "wsgi.input": Slow(body)}
    answer = whole(environ, lambda status, headers: told.append(status))
    return told[0], b"".join(answer)


def test_a_body_is_read_outside_and_comes_whole() -> None:
    echo = Echo()
    assert _ask(Whole(echo, most=100), b"half and half") == ("200 OK", b"half and half")
    assert Slow.read_by == threading.get_ident()
    assert echo.worked == echo.closed
    assert threading.get_ident() not in echo.worked


@pytest.mark.parametrize("length", ["", "none", "-1", "0"])
def test_where_no_length_is_told_nothing_is_read(length: str) -> None:
    Slow.read_by = 0
    environ = {"PATH_INFO": "/", "CONTENT_LENGTH": length, "wsgi.input": Slow(b"left alone")}
    assert b"".join(Whole(Echo(), most=100)(environ, lambda status, headers: None)) == b"left alone"
    assert Slow.read_by != threading.get_ident()


def test_what_is_too_long_is_taken_off_the_wire_and_left_out() -> None:
    stream = Slow(b"x" * 200_000)
    environ = {"PATH_INFO": "/", "CONTENT_LENGTH": "200000", "wsgi.input": stream}
    assert b"".join(Whole(Echo(), most=100)(environ, lambda status, headers: None)) == b""
    assert stream.tell() == 200_000


def test_hands_work_side_by_side_and_no_more_of_them_than_said() -> None:
    echo = Echo()
    whole = Whole(echo, most=100)
    asking = [
        threading.Thread(target=_ask, args=(whole, b""), kwargs={"path": "/together/"}) for _ in range(HANDS)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    for _ in range(20):
        _ask(whole, b"")
    assert len(echo.worked) == HANDS


def test_a_fault_reaches_the_server() -> None:
    def broken(environ: dict[str, Any], start: Start) -> list[bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _ask(Whole(broken, most=100), b"")


def test_loading_the_application_begins_nothing_that_a_fork_would_share() -> None:
    """gunicorn loads it once, before its workers."""
    asked = """
import threading
from kapclinic import wsgi
from django.db import connections
assert wsgi.application._hands._threads == set()
assert threading.active_count() == 1
assert all(one.connection is None for one in connections.all())
"""
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
