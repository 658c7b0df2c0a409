"""Words for tests of absences: who is away, what is looked at, what is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kapclinic.practice.models import TimeOff, User
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import Cast
from tests.journeys.steps import moment
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def away(user: User, start: datetime = TUESDAY, end: datetime | None = None) -> dict[str, Any]:
    """Gone for the working day, unless said."""
    return {"user": str(user.pk), "starts_at": moment(start), "ends_at": moment(end or start + 11 * HOUR)}


def looked_at(cast: Cast, body: dict[str, Any], by: str = "frontdesk") -> dict[str, Any]:
    return cast.desk(by).must("absences/preview/", body)


def kept(cast: Cast, body: dict[str, Any], moves: list[dict[str, Any]], by: str = "frontdesk") -> Any:
    return cast.desk(by).post("absences/", body | {"reason": "Training", "moves": moves})


def move(session: Session, start: datetime | None = None, **more: Any) -> dict[str, Any]:
    begins = start or session.starts_at
    times = {"starts_at": moment(begins), "ends_at": moment(begins + (session.ends_at - session.starts_at))}
    return {"session": str(session.pk)} | times | more


def drop(session: Session) -> dict[str, Any]:
    return {"session": str(session.pk), "cancel": True, "reason": "The therapist is away"}


def taken(proposal: dict[str, Any], session: dict[str, Any]) -> dict[str, Any]:
    """A proposal as the move that it is."""
    return {"session": session["id"]} | {name: value for name, value in proposal.items() if name != "kind"}


def everything() -> tuple[Any, ...]:
    return (*desk.book_of_sessions(), list(TimeOff.objects.order_by("pk").values()))


def three_sessions(cast: Cast) -> list[Session]:
    """Three clients of the therapist on Tuesday: at nine, ten and eleven."""
    programs = desk.programs_of(cast, 3)
    return [
        people.booked(cast, program, "preparation", TUESDAY + n * HOUR) for n, program in enumerate(programs)
    ]
