"""Sessions of a superbill's period that are not on it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class LeftOut:
    """A session of the period that is not on the paper; `reason` is a key of LEFT_OUT."""

    session: UUID
    kind: str
    number: int
    date: date
    reason: str

    def as_dict(self) -> dict[str, str | int]:
        """As an answer has it, in words too."""
        return {
            "session": str(self.session),
            "kind": self.kind,
            "number": self.number,
            "date": self.date.isoformat(),
            "reason": self.reason,
            "detail": LEFT_OUT[self.reason],
        }


LEFT_OUT = {
    "not_completed": "The session is not completed.",
    "note_unsigned": "No note of the session is signed.",
    "not_charged": "Nothing is charged for the session.",
    "internal_code": "Only internal codes are charged, which no payer knows.",
    "in_review": "Its charge waits for somebody's word.",
}


def why_left_out(*, completed: bool, signed: bool, charged: bool, public: bool) -> str:
    """Why a session of the period is not on the paper, as a key of LEFT_OUT: the first thing that is lacking."""
    found = (
        (not completed, "not_completed"),
        (not signed, "note_unsigned"),
        (not charged, "not_charged"),
        (not public, "internal_code"),
    )
    return next((reason for lacking, reason in found if lacking), "in_review")
