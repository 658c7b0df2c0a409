"""Every state x move x role of a note, from the table."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from kapclinic.core import transitions
from kapclinic.core.errors import IllegalTransition, NotPermitted
from kapclinic.practice.models import Role, User
from sessions.notes import rules
from sessions.notes.models import Note

WRITERS = {"nurse_practitioner", "therapist", "prescriber"}
EXPECTED = {  # move: (from, to, by)
    "edit": ({"draft"}, "draft", WRITERS),
    "discard": ({"draft"}, "discarded", WRITERS | {"medical_director"}),
    "sign": ({"draft"}, "signed", WRITERS),
    "sign_for_cosign": ({"draft"}, "cosign_pending", WRITERS),
    "cosign": ({"cosign_pending"}, "signed", {"therapist", "prescriber"}),
    "return": ({"cosign_pending"}, "draft", {"therapist", "prescriber"}),
    "addenda": ({"signed"}, "signed", WRITERS),
}


def test_the_table_has_these_moves_and_no_others() -> None:
    assert set(rules.MOVES) == set(EXPECTED)


@pytest.mark.parametrize(("move", "state", "role"), list(product(EXPECTED, Note.Status.values, Role.values)))
def test_a_move_is_made_from_its_state_by_its_roles_only(move: str, state: str, role: str) -> None:
    sources, target, roles = EXPECTED[move]
    note, by = Note(status=state), User(roles=[role])
    if role not in roles:
        with pytest.raises(NotPermitted):
            transitions.apply(rules.MOVES, move, instance=note, by=by)
    elif state not in sources:
        with pytest.raises(IllegalTransition):
            transitions.apply(rules.MOVES, move, instance=note, by=by)
    else:
        transitions.apply(rules.MOVES, move, instance=note, by=by)
        assert note.status == target
        return
    assert note.status == state


@pytest.mark.parametrize(
    ("own", "roles", "trainee", "state", "kind", "moves"),
    [
        (True, ["therapist"], False, "draft", "integration", ["edit", "sign", "discard"]),
        (True, ["therapist"], True, "draft", "integration", ["edit", "sign", "discard"]),
        (False, ["therapist"], False, "draft", "integration", []),
        (True, ["therapist"], True, "cosign_pending", "integration", []),
        (False, ["therapist"], False, "cosign_pending", "integration", ["cosign", "return"]),
        (False, ["therapist"], True, "cosign_pending", "integration", []),
        (False, ["medical_director"], False, "cosign_pending", "integration", []),
        (False, ["therapist"], False, "signed", "integration", ["addenda"]),
        (False, ["nurse_practitioner"], False, "signed", "integration", []),
        (False, ["nurse_practitioner"], False, "signed", "dosing", ["addenda"]),
    ],
)
def test_an_answer_names_what_its_reader_may_do(
    own: bool, roles: list[str], trainee: bool, state: str, kind: str, moves: list[Any]
) -> None:
    by = User(roles=roles, needs_cosign=trainee)
    note = Note(status=state, kind=kind, author=by if own else User())
    assert rules.allowed_moves(note, by=by) == moves


@pytest.mark.parametrize(
    ("person", "line"),
    [
        (
            User(name="Dana Lee", credentials="LCSW", license_number="12", license_state="CO"),
            "Dana Lee, LCSW, license CO 12",
        ),
        (User(name="Dana Lee"), "Dana Lee"),
        (User(name="Dana Lee", license_number="12"), "Dana Lee, license 12"),
    ],
)
def test_a_signature_is_a_line_of_text(person: User, line: str) -> None:
    assert rules.signature_of(person) == line
