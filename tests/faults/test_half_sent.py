"""Clients that send half a request, or read half an answer, hold up nobody else: without a proxy, on real sockets."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from pytest_django import DjangoDbBlocker

from kapclinic.core import arriving, clock
from kapclinic.local.fixtures import a_valkey, an_env, orm_on
from kapclinic.local.ports import free_port
from kapclinic.local.processes import Processes
from kapclinic.local.testrun import TestRun
from kapclinic.local.warm import Launcher
from kapclinic.practice.services import issue_token
from tests import cast as people
from tests.faults.crowd import WIRE

MANY = (
    60  # more than the hands of both processes, and with as many slow heads and readers more than all threads
)
PROMPT = 1.0  # seconds
VITALS = {"systolic": 118, "diastolic": 76, "heart_rate": 64, "spo2": 98}


@pytest.fixture(scope="module")
def served(
    test_run: TestRun,
    launcher: Launcher,
    django_db_blocker: DjangoDbBlocker,
    django_test_environment: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Processes, str, str]]:
    """A web process, a nurse's token, and the address of her client's readings: whoever came before let go of it."""
    with contextlib.ExitStack() as stack:
        env = stack.enter_context(an_env(test_run, stack.enter_context(a_valkey(test_run))))
        web = Processes(env=env, port=free_port(), logs=tmp_path_factory.mktemp("web"), launcher=launcher)
        stack.callback(web.close)
        web.start("web")
        with orm_on(env, django_db_blocker):
            secret, session = _at_the_bedside()
        web.wait_ready()
        yield web, secret, f"{web.base_url}/api/v1/sessions/{session}/readings/"


def _at_the_bedside() -> tuple[str, str]:
    """A nurse's token, and the session of her client."""
    cast = people.assemble()
    now = clock.now()
    program = people.cleared_program(cast, protocol=people.approved_protocol(cast, min_preparations=0))
    times = {"starts_at": now - timedelta(minutes=20), "ends_at": now + timedelta(minutes=100)}
    session = people.ready_dose(cast, program, **times)
    return issue_token(user=cast.np, name="bedside", at=now)[1], str(session.pk)


def _lines(stack: contextlib.ExitStack, port: int, sent: bytes, count: int = MANY) -> list[socket.socket]:
    lines = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
    for line in lines:
        line.sendall(sent)
    return lines


def _told(line: socket.socket) -> bytes:
    """All that the server says on this line until it closes it."""
    line.settimeout(30)
    said = b""
    with contextlib.suppress(ConnectionError):
        while data := line.recv(65_536):
            said += data
    return said


def _record(url: str, secret: str) -> httpx.Response:
    body = VITALS | {"measured_at": (clock.now() - timedelta(seconds=2)).isoformat()}
    headers = {"Authorization": f"Token {secret}", "Idempotency-Key": f"reading-{uuid4()}"}
    return WIRE.post(url, json=body, headers=headers, timeout=10)


def test_half_sent_requests_and_slow_readers_hold_up_nobody(served: tuple[Processes, str, str]) -> None:
    processes, secret, readings = served
    port = processes.port
    to = f"POST /api/v1/clients/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {secret}\r\n"
    json = "Content-Type: application/json\r\n"
    with contextlib.ExitStack() as stack:
        bodies = _lines(stack, port, f"{to}{json}Content-Length: 500\r\n\r\n{{".encode())
        _lines(stack, port, f"{to}{json}Transfer-Encoding: chunked\r\n\r\n5\r\n{{".encode(), 20)
        heads = _lines(stack, port, b"GET /api/v1/auth/me/ HTTP/1.1\r\nHost: 127.0.")
        for line in _lines(stack, port, b"GET /api/v1/schema/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 4):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # and nothing reads them
        took = []
        for _ in range(5):
            began = time.monotonic()
            assert WIRE.get(f"{processes.base_url}/healthz", timeout=8).status_code == 200
            took.append(time.monotonic() - began)
        assert min(took) < PROMPT  # the slowest of them is the machine's, when others are at work on it
        answers = [_record(readings, secret) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201] * 3, answers[0].text
        # The first of them come to the end of their time, and are told so.
        assert _told(heads[0]).startswith(b"HTTP/1.1 408 ")
        heads[1].close()
        bodies[0].sendall(
            b'"x": 1' + b" " * 492 + b"}"
        )  # whoever is slow and does come to an end is answered
        assert bodies[0].recv(20).startswith(b"HTTP/1.1 400")


def test_what_comes_in_pieces_or_all_at_once_is_answered_alike(served: tuple[Processes, str, str]) -> None:
    processes, secret, _ = served
    ask = f"GET /api/v1/auth/me/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {secret}\r\n"
    wrong = f"POST /api/v1/clients/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {secret}\r\n"
    wrong += "Content-Type: application/json\r\n"
    with contextlib.ExitStack() as stack:
        # Three at once on one connection, and one byte after another.
        three = f"{ask}\r\n{wrong}Content-Length: 2\r\n\r\n{{}}{ask}Connection: close\r\n\r\n".encode()
        (together,) = _lines(stack, processes.port, three, 1)
        (apart,) = _lines(stack, processes.port, b"", 1)
        for index in range(len(three)):
            apart.sendall(three[index : index + 1])
        for said in (_told(together), _told(apart)):
            assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400", b"200"]
        # A client that asks first whether to send its body is told to, once.
        asks = f"{wrong}Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        (polite,) = _lines(stack, processes.port, asks.encode(), 1)
        assert polite.recv(100) == arriving.GO_ON
        polite.sendall(b"{}")
        assert _told(polite).startswith(b"HTTP/1.1 400")


def test_what_is_too_long_or_has_two_ends_is_refused_and_the_line_closed(
    served: tuple[Processes, str, str],
) -> None:
    processes, secret, _ = served
    to = f"POST /api/v1/clients/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {secret}\r\n"
    hidden = b"GET /api/v1/auth/me/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    cases = [
        (f"{to}Content-Length: 2000000\r\nConnection: close\r\n\r\n".encode() + b"x" * 2_000_000, b"413"),
        (f"{to}Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n".encode(), b"413"),
        (f"{to}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode() + hidden, b"400"),
        (f"{to}Content-Length: 2\r\nContent-Length: 50\r\n\r\n{{}}".encode() + hidden, b"400"),
        (f"{to}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode() + hidden, b"411"),
        (to.encode() + b"X-Long: " + b"x" * (arriving.HEAD_MOST + 10), b"431"),
    ]
    for sent, code in cases:
        with contextlib.ExitStack() as stack:
            (line,) = _lines(stack, processes.port, sent, 1)
            said = _told(line)
            assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] == [code], sent[:300]


def test_a_crowd_of_half_sent_requests_is_let_go_of_before_anybody_is_kept_out(
    served: tuple[Processes, str, str],
) -> None:
    """More of them than both processes take: the oldest make room."""
    processes, secret, readings = served
    with contextlib.ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", processes.port))) for _ in range(1700)
        ]
        for line in lines:
            with contextlib.suppress(ConnectionError):
                line.sendall(b"GET / HT")
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: _record(readings, secret), range(8)))
        assert [answer.status_code for answer in answers] == [201] * 8
