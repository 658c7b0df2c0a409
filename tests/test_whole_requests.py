"""Requests come whole to a few hands: nothing is lost on the way, and each hand ends what it began."""

from __future__ import annotations

import resource
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


class Streamed(Answer):
    """An answer that is made as it leaves."""

    streaming = True

    def __next__(self) -> bytes:
        self.echo.worked.add(threading.get_ident())
        return super().__next__()


class Streaming(Echo):
    def __call__(self, environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        body = environ["wsgi.input"].read()
        start("200 OK", [("content-length", str(len(body)))] if environ["PATH_INFO"] == "/sized/" else [])
        return Streamed(self, body)


class Keeper:
    """A server that asks for the rest when there is room for it."""

    kept: Any = None

    def keep(self, rest: Any) -> None:
        self.kept = rest


def test_an_answer_that_streams_is_made_piece_by_piece_by_the_hands() -> None:
    echo = Streaming()
    whole, keeper = Whole(echo, most=100), Keeper()
    environ = {"CONTENT_LENGTH": "13", "REQUEST_METHOD": "GET"}

    def answered(path: str, **more: Any) -> Any:
        asked = environ | {"PATH_INFO": path, "wsgi.input": BytesIO(b"half and half")} | more
        return whole(asked, lambda status, headers: None)

    sized = answered("/sized/")
    assert not echo.worked
    assert next(sized) == b"hal"
    assert not echo.closed
    assert b"".join(sized) == b"f and half"
    sized.close()
    assert len(echo.closed) == 1
    assert threading.get_ident() not in echo.worked | echo.closed
    assert answered("/sized/", **{"gunicorn.socket": keeper}) == []
    assert b"".join(keeper.kept) == b"half and half"
    assert answered("/") == [b"hal", b"f and half"]  # without a length
    made = echo.worked.copy()
    assert answered("/sized/", REQUEST_METHOD="HEAD") == []  # nothing is made that nobody reads
    assert echo.worked == made


def _called(_: object) -> None:
    """Nothing: it is the frame that counts, which is longer than the one of whoever calls."""


_called.__code__ = _called.__code__.replace(co_stacksize=100)


def _pages_asked_for(environ: dict[str, Any], start: Start, *, depth: int = 150) -> Iterator[bytes]:
    """The most pages of memory that 200 calls from one place took, of places ever further down."""
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for one in range(200):
        _called(one)
    taken = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before
    if depth:
        return iter([max(bytes([min(taken, 255)]), *_pages_asked_for(environ, start, depth=depth - 1))])
    start("200 OK", [])
    return iter([bytes([min(taken, 255)])])


def test_a_call_costs_the_same_from_wherever_it_is_made() -> None:
    _, worst = _ask(Whole(_pages_asked_for, most=10), b"")
    assert worst[0] < 50


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
