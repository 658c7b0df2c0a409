"""An address that moves: a TCP port that hands everything on to another one, and can be told to take its time.

It is a process of its own (``python -m tests.scale.address PORT TARGET``), so that nothing which the test does delays
what passes through. It is told lines on its standard input: ``to PORT``, ``delay SECONDS`` (in each direction), ``asked``
(how often a caller has sent something since the last time).
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from queue import SimpleQueue

from kapclinic.local.places import CHECKOUT
from kapclinic.local.ports import free_port, wait_until

CHUNK = 262_144


class Line:
    """One caller's connection, both ways."""

    def __init__(self, caller: socket.socket, called: socket.socket) -> None:
        self.ends = (caller, called)
        self.waits = False  # the caller, for an answer
        for end in self.ends:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def hang_up(self) -> None:
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Forwarder:
    """What hands on, in the process of its own."""

    def __init__(self, port: int, target: int) -> None:
        self.target, self.delay, self.asked = target, 0.0, 0
        self.lines: set[Line] = set()
        self.door = socket.create_server(("127.0.0.1", port), backlog=256)

    def serve(self) -> None:
        while True:
            caller, _ = self.door.accept()
            try:
                called = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                caller.close()
                continue
            called.settimeout(None)
            line = Line(caller, called)
            self.lines.add(line)
            for source, sink in ((caller, called), (called, caller)):
                under_way: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
                for work in (
                    partial(self._take, line, source, under_way),
                    partial(self._give, line, sink, under_way),
                ):
                    threading.Thread(target=work, daemon=True).start()

    def _take(self, line: Line, source: socket.socket, under_way: SimpleQueue[tuple[float, bytes]]) -> None:
        part = b"?"
        while part:
            try:
                part = source.recv(CHUNK)
            except OSError:
                part = b""
            asks = source is line.ends[0]
            self.asked += asks and bool(part) and not line.waits
            line.waits = asks
            under_way.put((time.perf_counter() + self.delay, part))

    def _give(self, line: Line, sink: socket.socket, under_way: SimpleQueue[tuple[float, bytes]]) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, part = under_way.get()
                if not part:
                    break
                if (early := due - time.perf_counter()) > 0:
                    time.sleep(early)
                sink.sendall(part)
        self.lines.discard(line)
        line.hang_up()

    def obey(self) -> None:
        """Do what is asked, line by line, until there is nobody to ask; each is answered when it is done."""
        for line in sys.stdin:
            word, _, value = line.strip().partition(" ")
            so_far = self.asked
            if word == "to":
                self.target = int(value)
                for one in list(self.lines):
                    one.hang_up()
            elif word == "delay":
                self.delay = float(value)
            elif word == "asked":
                self.asked = 0
            sys.stdout.write(f"{so_far}\n")
            sys.stdout.flush()


class Address:
    """The address as its owner has it: where it leads to, and how far away that seems to be."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "tests.scale.address", str(self.port), str(target)]
        self._process = subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert wait_until(self._answers, seconds=20)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def to(self, target: int) -> None:
        """Lead somewhere else from now on; who is connected is cut off."""
        self._tell(f"to {target}")

    def delay(self, seconds: float) -> None:
        """Let everything take so long in each direction."""
        self._tell(f"delay {seconds}")

    def asked(self) -> int:
        """How often a caller has sent something since this was last asked: round trips, for callers that wait."""
        return self._tell("asked")

    def _tell(self, line: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def main() -> None:
    port, target = map(int, sys.argv[1:])
    forwarder = Forwarder(port, target)
    threading.Thread(target=forwarder.serve, daemon=True).start()
    forwarder.obey()


if __name__ == "__main__":
    main()
