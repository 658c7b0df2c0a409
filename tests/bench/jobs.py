"""What is asked: each job as the clinic hears it, and as the two other servers hear the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import orjson

from tests.bench.clinic import Group
from tests.bench.seed import A_DAY, HOURS, READINGS, Size, first_day, row_id


@dataclass(frozen=True)
class Request:
    """One request of somebody's."""

    path: str
    token: str
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    same: str = ""  # the ETag that the caller has

    @property
    def address(self) -> str:
        return self.path + (f"?{urlencode(self.query)}" if self.query else "")

    def raw(self) -> bytes:
        """As it goes over the wire; a POST with a key of its own."""
        lines = ["Host: 127.0.0.1", f"Authorization: Token {self.token}"]
        if self.same:
            lines.append(f"If-None-Match: {self.same}")
        method, sent = "GET", b""
        if self.body is not None:
            method, sent = "POST", orjson.dumps(self.body)
            lines += [
                f"Content-Length: {len(sent)}",
                "Content-Type: application/json",
                f"Idempotency-Key: {uuid4()}",
            ]
        head = "\r\n".join([f"{method} {self.address} HTTP/1.1", *lines])
        return f"{head}\r\n\r\n".encode() + sent


Asked = Callable[[int, int], Request]  # (client, how many before)


@dataclass(frozen=True)
class Job:
    """One row of the table. `limit` says whose figure the clinic's is measured against: `bare`, `plain`, or nobody's."""

    name: str
    ours: Asked
    bare: Asked | None = None
    plain: Asked | None = None
    limit: str = "bare"
    tagged: bool = False  # asked again with the ETag of its answer


@dataclass(frozen=True)
class Book:
    """The seeded book: which rows there are to ask for."""

    group: Group
    size: Size
    watched: list[UUID]  # sessions with a hundred readings each
    names: list[str]  # last names of clients

    def desk(self, number: int) -> str:
        return self.group.places[number % self.size.places].token

    def day(self, client: int, n: int) -> tuple[UUID, datetime]:
        """A place and the midnight of one of its full days; each client stays at its own place."""
        begins = first_day(self.group, self.size) + timedelta(days=(n * 7 + client) % self.size.days)
        return self.group.places[client % self.size.places].location.pk, begins

    def name(self, client: int, n: int) -> str:
        """The last name of somebody, which others have too."""
        return self.names[(n * 8 + client) % len(self.names)]

    def slot(self, client: int, n: int) -> dict[str, Any]:
        """A free room with a therapist and a prescriber for an hour after the seeded days, and whose hour it will be."""
        number, places = n * 8 + client, self.size.places
        place, turn = number % places, number // places
        lane, hour = turn % A_DAY // HOURS, turn % HOURS
        days = self.size.days + 2 + turn // A_DAY
        begins = first_day(self.group, self.size) + timedelta(days=days, hours=8 + hour)
        where = self.group.places[place]
        people = [
            (where.staff["therapist"][lane], "therapist"),
            (where.staff["prescriber"][lane], "prescriber"),
        ]
        course = place + places * (turn % (self.size.clients // places))
        return {
            "program": str(row_id("program", course)),
            "kind": "preparation",
            "room": str(where.rooms[lane].pk),
            "staff": [{"user": str(user.pk), "role": role} for user, role in people],
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(hours=1)).isoformat(),
        }


def signs(n: int) -> dict[str, Any]:
    """Calm vital signs of this moment."""
    return {
        "systolic": 118 + n % 9,
        "diastolic": 76 + n % 5,
        "heart_rate": 66 + n % 11,
        "spo2": 98,
        "respiratory_rate": 14,
        "sedation": 5,
        "measured_at": datetime.now(UTC).isoformat(),
    }


def all_jobs(book: Book) -> list[Job]:
    """The jobs of the table, in its order."""
    return [
        _day(book),
        _readings(book),
        _search(book),
        _record(book),
        _booking(book),
        _me(book),
        *_boards(book),
    ]


def _day(book: Book) -> Job:
    def ours(client: int, n: int) -> Request:
        place, begins = book.day(client, n)
        return Request("/api/v1/sessions/", book.desk(client), {"location": place, "date": begins.date()})

    def other(client: int, n: int) -> Request:
        place, begins = book.day(client, n)
        span = {"from": begins.isoformat(), "to": (begins + timedelta(days=1)).isoformat()}
        return Request("/day/", book.desk(client), {"location": place} | span)

    return Job(f"day list, {A_DAY} rows", ours, other, other)


def _readings(book: Book) -> Job:
    def session(client: int, n: int) -> UUID:
        return book.watched[(n * 8 + client) % len(book.watched)]

    def ours(client: int, n: int) -> Request:
        token = book.group.nurse_token
        return Request(f"/api/v1/sessions/{session(client, n)}/readings/", token, {"page_size": READINGS})

    def other(client: int, n: int) -> Request:
        return Request("/readings/", book.group.nurse_token, {"session": session(client, n)})

    return Job(f"{READINGS} readings", ours, other, other)


def _search(book: Book) -> Job:
    token = book.group.centre_token

    def ours(client: int, n: int) -> Request:
        return Request("/api/v1/clients/", token, {"search": book.name(client, n)})

    def bare(client: int, n: int) -> Request:
        return Request("/search/", token, {"text": book.name(client, n).lower()})

    def plain(client: int, n: int) -> Request:
        return Request("/search/", token, {"search": book.name(client, n)})

    return Job(f"search in {book.size.clients:,} clients", ours, bare, plain)


def _record(book: Book) -> Job:
    token, sessions = book.group.nurse_token, book.group.watched

    def ours(client: int, n: int) -> Request:
        session = sessions[client % len(sessions)]
        return Request(f"/api/v1/sessions/{session.pk}/readings/", token, body=signs(n))

    def other(client: int, n: int) -> Request:
        spread = (
            (n * 8 + client) * 4 % book.size.sessions // 4 * 4
        )  # sessions that are in no list of readings
        body = signs(n) | {"session": str(row_id("session", spread)), "by": str(book.group.nurse.pk)}
        return Request("/record/", token, body=body)

    return Job("record a reading", ours, other, other)


def _booking(book: Book) -> Job:
    def ours(client: int, n: int) -> Request:
        place = (n * 8 + client) % book.size.places
        body = book.slot(client, n) | {"modality": "in_person"}
        return Request("/api/v1/sessions/", book.desk(place), body=body)

    def other(client: int, n: int) -> Request:
        body = book.slot(client, n) | {"by": str(book.group.nurse.pk)}
        return Request("/book/", book.desk(client), body=body)

    return Job("book room + 2 staff + client", ours, other, other)


def _me(book: Book) -> Job:
    def ours(client: int, n: int) -> Request:
        return Request("/api/v1/auth/me/", book.desk(client))

    def plain(client: int, n: int) -> Request:
        return Request("/me/", book.desk(client))

    return Job("who am I (limit: a bare DRF view)", ours, plain=plain, limit="plain")


def _boards(book: Book) -> list[Job]:
    def board(path: str, token: str | None = None, **query: Any) -> Asked:
        return lambda client, n: Request(f"/api/v1/{path}", token or book.desk(client), query)

    nurse, first = book.group.nurse_token, book.group.places[0].location.pk
    boards = {
        "day board": lambda client, n: Request(
            "/api/v1/day-board/", book.desk(client), {"location": book.day(client, n)[0]}
        ),
        "obligations due": board("obligations/", state="due"),
        "tasks": board("tasks/"),
        "alarms": board("alarms/", nurse),
        "monitoring board": board("monitoring-board/", nurse, location=first),
    }
    return [Job(f"{name}, the same again", asked, limit="", tagged=True) for name, asked in boards.items()]
