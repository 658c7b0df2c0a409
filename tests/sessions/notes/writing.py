"""Helpers of the notes' tests: write, sign, and read over HTTP."""

from __future__ import annotations

from typing import Any

from sessions.booking.models import Session
from tests.cast import PASSWORD, Cast

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


def sign(cast: Cast, who: str, note: str, *, password: str = PASSWORD, move: str = "sign") -> Any:
    return cast.desk(who).post(f"{NOTES}{note}/{move}/", {"password": password})


def signed_note(cast: Cast, book: Book, who: str = "therapist", kind: str = "integration") -> str:
    note: str = write(cast, book, who, kind).data["id"]
    answer = sign(cast, who, note)
    assert answer.status_code == 200, answer.data
    return note


def add(cast: Cast, who: str, note: str, text: str = "She had slept well.") -> Any:
    return cast.desk(who).post(f"{NOTES}{note}/addenda/", {"reason": "left out", "text": text})
