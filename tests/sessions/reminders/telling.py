"""Words for reminder tests: a client who may be told, what waits, what left and when, a gateway that answers as told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from django.core import mail

from kapclinic.core import clock
from kapclinic.practice.models import Client
from kapclinic.trail import turns
from kapclinic.trail.models import Outbox
from programs.models import Program
from sessions.booking.models import Session
from sessions.reminders.services import sweep_reminders
from sessions.sweep.steps import run_step, send_messages
from tests import cast as people
from tests.cast import Cast, Desk
from tests.journeys.steps import moment

HOUR = timedelta(hours=1)
AGREED = {"email": True, "sms": True}


def reachable(cast: Cast, **more: Any) -> Client:
    """A client of North who agreed to be told by e-mail and SMS."""
    values = {"email": "robin@example.test", "communication_consent": AGREED} | more
    return people.client(cast.north, by=cast.frontdesk, **values)


def course(cast: Cast, **more: Any) -> Program:
    return people.opened_program(cast, who=reachable(cast, **more))


def booked(cast: Cast, program: Program, starts_at: datetime, kind: str = "preparation") -> Session:
    """In the book, whatever the hour."""
    return people.booked(cast, program, kind, starts_at, override_reason="As the client asked")


def move(cast: Cast, session: Session, starts_at: datetime, **more: Any) -> None:
    body = {
        "starts_at": moment(starts_at),
        "ends_at": moment(starts_at + (session.ends_at - session.starts_at)),
        "override_reason": "As the client asked",
        "reason": "The client asked",
        **more,
    }
    Desk(cast.frontdesk).must(f"sessions/{session.pk}/reschedule/", body)
    session.refresh_from_db()


def cancel(cast: Cast, session: Session) -> None:
    Desk(cast.frontdesk).must(f"sessions/{session.pk}/cancel/", {"reason": "Feels ill"})


def rows(*, channel: str = "email") -> list[tuple[str, str, datetime]]:
    """(when, status, next try) of every reminder by `channel`, in the order in which they leave."""
    found = Outbox.objects.filter(recipient_kind="client", channel=channel).order_by(
        "next_at", "created_at", "pk"
    )
    return [(row.template.removeprefix("reminder_"), row.status, row.next_at) for row in found]


def states(*, channel: str = "email") -> list[tuple[str, str]]:
    return [row[:2] for row in rows(channel=channel)]


def tell(at: datetime) -> int:
    """What the sweep does for reminders at `at`."""
    sweep_reminders(at=at)
    return send_messages(at=at)


def run(at: datetime) -> int:
    """What the worker does for reminders at `at`, in its turn; none between two of these is an outage."""
    turns.expect(at=at)
    assert run_step("reminders", at=at)
    return send_messages(at=at)


def watch(start: datetime, stop: datetime, *, every: timedelta = HOUR) -> list[tuple[datetime, str]]:
    """Sweep again and again; (when it left, its text) of each e-mail to a client."""
    left: list[tuple[datetime, str]] = []
    at = start
    while at <= stop:
        before = len(mail.outbox)
        with clock.fixed(at):
            tell(at)
        left += [(at, str(message.body)) for message in mail.outbox[before:]]
        at += every
    return left


@dataclass
class Gateway:
    """An SMS gateway on this machine: answers with `status`, and keeps what it got."""

    url: str = ""
    status: int = 200
    delay: float = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def texts(self) -> list[dict[str, str]]:
        return [json.loads(body) for _, body in self.got]


@contextmanager
def gateway() -> Iterator[Gateway]:
    place = Gateway()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            place.got.append((dict(self.headers), body))
            time.sleep(place.delay)
            self.send_response(place.status)
            if place.status == 302:
                self.send_header("Location", place.url)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        place.url = f"http://127.0.0.1:{server.server_port}/sms"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield place
        finally:
            server.shutdown()
            thread.join()
