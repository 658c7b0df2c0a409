"""Requests take a thread when they are whole, and answers give it back before they are read: a worker of gunicorn.

One loop takes the bytes of all clients as they come. Whoever sends half a request, or reads an answer slowly, costs a
socket and some memory for a bounded time, and never a thread; the threads read and write memory alone. So they are
the hands that work (`kapclinic/core/whole.py`): a few of them, each with its own connection to the database.

Bounds: a head has HEAD_SECONDS from its first byte (a new connection, from its beginning), a body BODY_SECONDS and a
second more for each RATE bytes, an answer likewise. Who is late is told 408 and let go. Where connections or memory run
short, whoever holds them longest, or holds most, makes room.
"""

from __future__ import annotations

import contextlib
import errno
import re
import selectors
import socket
import time
from functools import partial
from typing import Any
from urllib.parse import unquote

from gunicorn.http import get_parser
from gunicorn.http.errors import NoMoreData
from gunicorn.util import write_error
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from kapclinic.core.metrics import IN_HAND
from kapclinic.core.whole import CHUNK, DRAINED, Pieces, longest

HEAD_SECONDS = 10.0
BODY_SECONDS = 15.0
ANSWER_SECONDS = 20.0
LINGER_SECONDS = 2.0  # for a client that still sends when it has its answer
RATE = 50_000  # bytes a second
HEAD_MOST = 65_536  # bytes of a head
BODY_MOST = 1_048_576  # bytes of a body, for an application that says nothing else
HELD_MOST = 128_000_000  # bytes of requests that are not whole, in one process
SPARE = 50  # connections that are kept free by letting go of the slowest
GLANCE = 0.25  # seconds between two looks at who is late

LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:[^\r\n]*", re.IGNORECASE)


class Answer:
    """Stands where gunicorn writes to a socket, and keeps what it writes.

    `read_at`: when the last byte of the request was here, on the monotonic clock. Who works on it waits for no client.
    """

    def __init__(self) -> None:
        self.read_at = 0.0
        self.parts: list[bytes] = []
        self.rest: Pieces | None = None

    def keep(self, rest: Pieces) -> None:
        """What is to be sent behind this, piece by piece."""
        self.rest = rest

    def sendall(self, data: bytes) -> None:
        self.parts.append(bytes(data))

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)

    def gettimeout(self) -> float:
        return 0.0  # it never waits

    def shutdown(self, how: int) -> None:
        raise OSError(errno.ENOTCONN, "What was kept is sent by the loop.")

    def close(self) -> None:
        """Nothing: the line is the loop's to close."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        data, self.parts = b"".join(self.parts), []
        return data


class Line:
    """One client's connection: what of a request is here, and what of an answer has not left.

    `need` is the length of the request in bytes once its head is there; `last`: it is closed after this one.
    """

    def __init__(self, line: socket.socket, client: Any, server: Any) -> None:
        line.settimeout(0)
        self.socket, self.client, self.server = line, client, server
        self.sock = Answer()  # by the name that gunicorn looks for
        self.arrived = bytearray()
        self.deadline = 0.0
        self.callback: Any = None  # while the loop watches it
        self.leaving = memoryview(b"")
        self.rest: Pieces | None = None  # of the answer, behind what is leaving
        self.parser: Any = None
        self.keep = self.broken = False
        self._clear()

    def _clear(self) -> None:
        self.need = self.looked = self.swallow = 0
        self.last = False
        self.head = b""

    @property
    def is_idle(self) -> bool:
        return not self.arrived and not self.head and not self.leaving and self.rest is None

    def is_whole(self, *, most: int, uploads: Any, now: float) -> bool:
        """Is all of the next request there? Looks at its head once, and sets the deadline of its body then."""
        if not self.head:
            end = self.arrived.find(END, max(0, self.looked - len(END)))
            self.looked = len(self.arrived)
            if end < 0:
                return False
            self._read_head(end + len(END), most=most, uploads=uploads, now=now)
        if self.swallow:
            dropped = min(self.swallow, len(self.arrived))
            del self.arrived[:dropped]
            self.swallow -= dropped
        return not self.swallow and len(self.arrived) >= self.need

    def _read_head(self, end: int, *, most: int, uploads: Any, now: float) -> None:
        """Take the head off what arrived, and see how much to wait for; to refuse it is for who comes after."""
        head = bytes(self.arrived[:end])
        del self.arrived[:end]
        small, told = head.lower(), _LENGTH.findall(head)
        length = int(told[0]) if len(told) == 1 else 0
        # Where the parser might see another end of the body than this does, no next request is looked for.
        odd = small.count(b"content-length") != len(told) or len(told) > 1
        self.last = odd or b"transfer-encoding" in small
        waits = b"100-continue" in small and _EXPECTS.search(head) is not None
        if waits:
            head = _EXPECTS.sub(b"", head)
        if length > longest(_path(head), usual=most, uploads=uploads):
            self.last = self.last or waits or length > DRAINED
            self.swallow = 0 if waits else min(length, DRAINED)
        else:
            self.need = len(self.arrived) if self.last else length
        if self.last:
            head = head[: -len(END)] + b"\r\nConnection: close" + END
        self.head = head
        self.deadline = now + BODY_SECONDS + (self.need + self.swallow) / RATE
        if waits and self.need > len(self.arrived):
            with contextlib.suppress(OSError):
                self.socket.send(GO_ON)

    def request(self) -> bytes:
        """The whole request, which then is no longer here; what came behind it stays for the next."""
        body = bytes(memoryview(self.arrived)[: self.need])
        del self.arrived[: self.need]
        data, last = self.head + body, self.last
        self._clear()
        self.last = last
        return data

    def send(self) -> None:
        """Let go of as much of the answer as the line takes now."""
        try:
            while self.leaving:
                self.leaving = self.leaving[self.socket.send(self.leaving) :]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.broken = True


def _path(head: bytes) -> str:
    words = head.split(b"\r\n", 1)[0].split(b" ")
    return unquote(words[1].split(b"?", 1)[0].decode("latin-1")) if len(words) > 1 else ""


class Arriving(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads behind a loop that reads and writes for them."""

    def init_process(self) -> None:
        self.lines: dict[Line, None] = {}  # that the loop watches, by when it began to
        self.held = 0  # bytes of requests that are not whole
        self.glanced = 0.0
        super().init_process()

    # --- the loop: all of it in the main thread --------------------------------------------------------------

    def accept(self, listener: socket.socket) -> None:
        """Take a new client in; nothing of a request is here yet."""
        try:
            line, client = listener.accept()
        except OSError as exc:
            if exc.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            elif exc.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        if self.nr_conns >= self.worker_connections - SPARE:
            self._make_room()
        self.nr_conns += 1
        self._expect(Line(line, client, listener.getsockname()), HEAD_SECONDS)

    def _watch(self, line: Line, events: int, callback: Any, seconds: float) -> None:
        line.deadline, line.callback = time.monotonic() + seconds, callback
        self.lines[line] = None
        self.poller.register(line.socket, events, partial(callback, line))

    def _leave(self, line: Line) -> None:
        if line.callback is None:
            return
        line.callback = None
        self.lines.pop(line, None)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(line.socket)

    def _drop(self, line: Line) -> None:
        self._leave(line)
        self.nr_conns -= 1
        self.held -= len(line.arrived)
        line.arrived = bytearray()
        line.socket.close()
        if line.rest is not None:
            rest, line.rest = line.rest, None
            with contextlib.suppress(RuntimeError):  # the worker is ending
                self.tpool.submit(rest.close)

    def _expect(self, line: Line, seconds: float) -> None:
        self._watch(line, selectors.EVENT_READ, self._read, seconds)

    def _read(self, line: Line, _: Any) -> None:
        try:
            data = line.socket.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._drop(line)
            return
        if line.is_idle:
            line.deadline = time.monotonic() + HEAD_SECONDS
        before = len(line.arrived)
        line.arrived += data
        self._look(line, before)

    def _look(self, line: Line, before: int = 0) -> None:
        """Hand the request to a thread when it is whole."""
        most, uploads = getattr(self.wsgi, "most", BODY_MOST), getattr(self.wsgi, "uploads", {})
        now = time.monotonic()
        whole = line.is_whole(most=most, uploads=uploads, now=now)
        self.held += len(line.arrived) - before
        if whole:
            line.sock.read_at = now
            IN_HAND.inc()
            self._leave(line)
            self.held -= line.need
            line.parser = get_parser(self.cfg, iter([line.request()]), line.client)
            self.enqueue_req(line)
        elif not line.head and len(line.arrived) > HEAD_MOST:
            self._refuse(line, TOO_LONG)
        elif self.held > HELD_MOST:
            self._refuse(max(self.lines, key=lambda one: len(one.arrived)), LATE)

    def _refuse(self, line: Line, words: bytes) -> None:
        with contextlib.suppress(OSError):
            line.socket.send(words)
        self._drop(line)

    def _make_room(self) -> None:
        """Let go of the one that has kept the loop waiting longest."""
        reading = (line for line in self.lines if line.callback == self._read)
        if (slowest := next(reading, None)) is not None:
            self._drop(slowest)

    def finish_request(self, conn: Line, fs: Any) -> None:
        """A thread has answered: see the answer off, then wait for the next request."""
        if fs.cancelled() or fs.exception() is not None or conn.broken:
            self._drop(conn)
        elif conn.leaving:
            seconds = ANSWER_SECONDS + len(conn.leaving) / RATE
            self._watch(conn, selectors.EVENT_WRITE, self._write, seconds)
        elif conn.rest is not None:
            self._go_on(conn)
        else:
            self._answered(conn)

    def _go_on(self, line: Line) -> None:
        """Let a thread fetch the next piece of an answer, now that the last one has left."""
        fs = self.tpool.submit(self._fetch, line)
        fs.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, line, done))

    def _write(self, line: Line, _: Any) -> None:
        line.send()
        if line.broken:
            self._drop(line)
        elif not line.leaving:
            self._leave(line)
            if line.rest is None:
                self._answered(line)
            else:
                self._go_on(line)

    def _answered(self, line: Line) -> None:
        if not line.keep:
            with contextlib.suppress(OSError):
                line.socket.shutdown(socket.SHUT_WR)
            self._watch(line, selectors.EVENT_READ, self._linger, LINGER_SECONDS)
            return
        seconds = self.cfg.keepalive
        self._expect(line, seconds if self.alive else min(seconds, STOP_KEEPALIVE_LINGER))
        if line.arrived:
            line.deadline = time.monotonic() + HEAD_SECONDS
            self._look(line, len(line.arrived))

    def _linger(self, line: Line, _: Any) -> None:
        """A connection that is closed over unread bytes would take the end of the answer along."""
        with contextlib.suppress(BlockingIOError, InterruptedError):
            try:
                over = not line.socket.recv(CHUNK)
            except ConnectionError:
                over = True
            if over:
                self._drop(line)

    def murder_keepalived(self, force: bool = False) -> None:  # noqa: FBT001, FBT002  (gunicorn's own signature)
        """Let go of whoever is late."""
        now = time.monotonic()
        if not force and now - self.glanced < GLANCE:
            return
        self.glanced = now
        for line in [line for line in self.lines if force or line.deadline <= now]:
            if line.callback == self._read and not line.is_idle:
                self._refuse(line, LATE)
            else:
                self._drop(line)

    def murder_pending(self) -> None:
        """Nobody: the loop watches one kind of line."""

    def _cap_keepalive(self, deadline: float) -> None:
        for line in self.lines:
            if line.callback == self._read:
                line.deadline = min(line.deadline, deadline)

    # --- a thread's part -------------------------------------------------------------------------------------

    def handle(self, conn: Line) -> bool:
        """Answer a request that is whole; whether the connection carries another."""
        request: Any = None
        try:
            request = next(conn.parser)
            conn.keep = bool(request) and bool(self.handle_request(request, conn)) and not conn.last
        except (NoMoreData, StopIteration):
            conn.keep = False
            if request is not None:  # chunks that had not come, on a line that is closed anyway
                write_error(conn.sock, 400, "Bad Request", "The body has no end.")
        except Exception as refused:  # noqa: BLE001  (gunicorn tells a client's fault from ours, and logs it)
            conn.keep = False
            self.handle_error(request, conn.sock, conn.client, refused)
        finally:
            IN_HAND.dec()
        conn.parser, conn.last = None, False
        conn.rest, conn.sock.rest = conn.sock.rest, None
        conn.leaving = memoryview(conn.sock.taken())
        conn.send()
        return conn.keep

    def _fetch(self, line: Line) -> None:
        """The next piece of an answer. One that can't be made cuts it off: its length tells the client."""
        assert line.rest is not None
        try:
            piece = next(line.rest, None)
            if piece is None:
                line.rest.close()
                line.rest = None
                return
        except Exception as exc:  # noqa: BLE001  (whatever it is, the line is closed)
            self.log.error("an answer was cut off: %s", type(exc).__name__)  # noqa: TRY400  (no data of it)
            line.broken = True
            return
        line.leaving = memoryview(piece)
        line.send()
