"""Helpers of the notes' tests: write, sign, and read over HTTP."""

from __future__ import annotations

from typing import Any

from tests.sessions.rooms import PASSWORD, Clinic, signed_in

NOTES = "/api/v1/notes/"
DAP = {"data": "Spoke of the journey.", "assessment": "Less guarded.", "plan": "Meet on Friday."}


def body(clinic: Clinic, kind: str = "integration", **more: Any) -> dict[str, Any]:
    session = str(clinic.sessions[kind].pk)
    return {"session": session, "kind": kind, "frame": "dap", "sections": DAP} | more


def write(clinic: Clinic, who: str = "therapist", kind: str = "integration", **more: Any) -> Any:
    return signed_in(clinic[who]).post(NOTES, body(clinic, kind, **more))


def patch(clinic: Clinic, who: str, note: str, change: dict[str, Any], *, etag: str | None = '"1"') -> Any:
    headers = {} if etag is None else {"If-Match": etag}
    return signed_in(clinic[who]).patch(f"{NOTES}{note}/", change, headers=headers)


def sign(clinic: Clinic, who: str, note: str, *, password: str = PASSWORD, move: str = "sign") -> Any:
    return signed_in(clinic[who]).post(f"{NOTES}{note}/{move}/", {"password": password})


def signed_note(clinic: Clinic, who: str = "therapist", kind: str = "integration") -> str:
    note: str = write(clinic, who, kind).data["id"]
    answer = sign(clinic, who, note)
    assert answer.status_code == 200, answer.data
    return note


def add(clinic: Clinic, who: str, note: str, text: str = "She had slept well.") -> Any:
    return signed_in(clinic[who]).post(f"{NOTES}{note}/addenda/", {"reason": "left out", "text": text})
