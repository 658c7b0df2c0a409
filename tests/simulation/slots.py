"""What happens to a slot before its day: kept while the client thinks, taken from a plan, moved and moved back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.stack import moment

if TYPE_CHECKING:
    from tests.simulation.life import Life, Row
    from tests.simulation.stack import Person

PLACED = ("starts_at", "ends_at", "modality", "room", "staff")


def kept(life: Life, body: Row) -> Row:
    """The body of a booking, with a hold: at times the client thinks so long that the slot is nobody's any more."""
    if not life.does("keeps the slot first"):
        return body
    wanted: dict[str, Any] = {name: body[name] for name in (*PLACED, "program", "kind")}
    hold = life.twice(life.desk, "session-holds/", wanted)
    if not hold.ok:
        return body
    if life.does("thinks too long"):
        life.stack.schedule.pass_time(400)
    return body | {"hold": hold.data["id"]}


def from_plan(life: Life, kind: str) -> Row | None:
    """A session that stands already, from a plan or from the waitlist."""
    for row in [one for one in life.planned if one["kind"] == kind]:
        life.planned.remove(row)
        session = life.look(row)
        if session.get("status") == "scheduled" and session["starts_at"] > moment(life.now):
            return session
    return None


def moved_back(life: Life, before: Row, session: Row) -> Row:
    """The client can come at the old time after all; by now others may have it."""
    if session["starts_at"] == before["starts_at"] or not life.does("moves it back"):
        return session
    body = {name: before[name] for name in PLACED} | {"reason": "The client can come after all."}
    back = life.twice(life.desk, f"sessions/{session['id']}/reschedule/", body)
    return back.data if back.ok else life.look(session)


def came_after_all(life: Life, path: str) -> bool:
    """The client who was said to stay away is here: the no-show is taken back, where the slot is still theirs."""
    words = {"move": "no_show", "reason": "Here after all."}
    return life.does("comes after all") and life.stack.post(life.desk, f"{path}undo/", words).ok


def seated(life: Life, session: Row) -> Person:
    """The therapist on the session, who may stand in for the client's own."""
    there = {row["user"] for row in session.get("staff", ())}
    return next((one for one in life.house.team["therapist"] if one.id in there), life.therapist)
