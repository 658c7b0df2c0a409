"""What becomes of a debt: an integration that is waived, and one that the client takes into the next course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation import rivals

if TYPE_CHECKING:
    from tests.simulation.life import Life


def waive(life: Life, owed: dict[str, Any]) -> None:
    """The therapist does without one integration, in words; the sweep may be placing it just then."""
    words = {"reason": "Spoke with the client on the phone."}
    step = rivals.step(life, "obligations")
    rivals.post(life, life.therapist, f"obligations/{owed['id']}/waive/", words, rivals=[step])


def waive_all(life: Life) -> None:
    for row in life.stack.rows(life.therapist, "obligations/", client=life.client["id"]):
        if row["state"] in ("due", "booked"):
            waive(life, row)


def next_course(life: Life) -> bool:
    """Another course takes the place of the first, whose integration is owed still."""
    choice = [row for row in life.clinic.protocols if not row.get("home_dosing")]
    usual, first = life.protocol, life.program
    life.protocol = life.chance.numbers.choice(choice)
    if life.open_program(continues=first["id"]):
        return True
    life.protocol, life.program = usual, first
    return False


def no_more_messages(life: Life) -> None:
    wishes = {"communication_consent": {"email": False, "sms": False, "phone": True}}
    life.stack.patch(life.desk, f"clients/{life.client['id']}/", wishes)
