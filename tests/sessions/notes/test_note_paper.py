"""A signed note as a paper of the client's record."""

from __future__ import annotations

from typing import Any

from sessions.notes.models import Note
from sessions.notes.page import content_of
from tests.cast import Cast
from tests.sessions.notes.writing import sign, write

SOAP = {
    "subjective": "Slept well.",
    "objective": "Calm.",
    "assessment": "Less guarded.",
    "plan": "Meet on Friday.",
}


def test_its_sections_stand_in_the_order_of_their_frame(cast: Cast, book: Any) -> None:
    written = write(cast, book, frame="soap", sections=SOAP).json()["id"]
    assert sign(cast, "therapist", written).status_code == 200
    told = content_of(Note.objects.get(pk=written), [])
    assert [part["name"] for part in told["sections"]] == ["Subjective", "Objective", "Assessment", "Plan"]
