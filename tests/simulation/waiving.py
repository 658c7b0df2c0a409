"""What becomes of a debt that nobody wants to live: an integration that is waived, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation import rivals

if TYPE_CHECKING:
    from tests.simulation.life import Life


def waive(life: Life, owed: dict[str, Any]) -> None:
    """The therapist does without one integration; the sweep may be placing it just then."""
    words = {"reason": "Spoke with the client on the phone."}
    step = rivals.step(life, "obligations")
    rivals.post(life, life.therapist, f"obligations/{owed['id']}/waive/", words, rivals=[step])


def waive_all(life: Life) -> None:
    for row in life.stack.rows(life.therapist, "obligations/", client=life.client["id"]):
        if row["state"] in ("due", "booked"):
            waive(life, row)
