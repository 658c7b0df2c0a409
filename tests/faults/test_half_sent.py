"""Clients that send half a request, and no more of it, hold up nobody else."""

from __future__ import annotations

import contextlib
import socket
import time

import httpx

from kapclinic.core import clock
from kapclinic.local.processes import Processes
from kapclinic.practice.services import issue_token
from tests import cast as people

HALF = 24  # more than all hands, fewer than the threads with which one process reads
SECONDS = 5.0


def test_whoever_sends_half_a_request_holds_up_nobody(clinic_orm: None, run_processes: Processes) -> None:
    desk = people.assemble().frontdesk
    _, secret = issue_token(user=desk, name="desk", at=clock.now())
    run_processes.start("web")
    run_processes.wait_ready()
    headers = {"Authorization": f"Token {secret}"}
    begun = f"POST /api/v1/clients/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {secret}\r\n"
    begun += "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    with contextlib.ExitStack() as stack:
        for _ in range(HALF):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", run_processes.port)))
            line.sendall(begun.encode())
        time.sleep(0.5)  # let them all be taken in hand, where that is how a server works
        for _ in range(4):
            answer = httpx.get(f"{run_processes.base_url}/api/v1/auth/me/", headers=headers, timeout=SECONDS)
            assert answer.status_code == 200
