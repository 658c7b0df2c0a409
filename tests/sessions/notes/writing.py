"""Helpers of the notes' tests: write, sign, and read over HTTP."""

from __future__ import annotations

from typing import Any

from kapclinic.core import clock
from kapclinic.practice.models import User
from sessions.booking.models import Session
from sessions.notes.models import Note
from tests.cast import PASSWORD, Cast, checked_in_session

Book = dict[str, Session]  # a session of every kind
NOTES = "notes/"
DAP = {"data": "Spoke of the journey.", "assessment": "Less guarded.", "plan": "Meet on Friday."}


def body(book: Book, kind: str = "integration", **more: Any) -> dict[str, Any]:
    session = str(book[kind].pk)
    return {"session": session, "kind": kind, "frame": "dap", "sections": DAP} | more


def write(cast: Cast, book: Book, who: str = "therapist", kind: str = "integration", **more: Any) -> Any:
    return cast.desk(who).post(NOTES, body(book, kind, **more))


def patch(cast: Cast, who: str, note: str, change: dict[str, Any], *, etag: str = '"1"') -> Any:
    return cast.desk(who).patch(f"{NOTES}{note}/", change, match=etag)


def begun(session: Session) -> None:
    """The client has come, at the time of the booking, if they were still to come."""
    if Session.objects.get(pk=session.pk).status == Session.Status.SCHEDULED:
        with clock.fixed(session.starts_at):
            checked_in_session(session, by=User.objects.get(pk=session.staff[0]["user"]))


def sign(cast: Cast, who: str, note: str, *, password: str = PASSWORD, move: str = "sign") -> Any:
    """On a session that has begun; who was not on it says why."""
    session = Note.objects.select_related("session").get(pk=note).session
    begun(session)
    there = {seat["user"] for seat in session.staff}
    covers = move == "sign" and str(cast.people[who].pk) not in there
    reason = {"covering_reason": "The therapist is ill"} if covers else {}
    return cast.desk(who).post(f"{NOTES}{note}/{move}/", {"password": password} | reason)


def signed_note(cast: Cast, book: Book, who: str = "therapist", kind: str = "integration") -> str:
    note: str = write(cast, book, who, kind).data["id"]
    answer = sign(cast, who, note)
    assert answer.status_code == 200, answer.data
    return note


def add(cast: Cast, who: str, note: str, text: str = "She had slept well.") -> Any:
    return cast.desk(who).post(f"{NOTES}{note}/addenda/", {"reason": "left out", "text": text})
