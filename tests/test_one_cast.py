"""The tests have one cast: nobody opens a second clinic, and no factory writes a state that the services refuse."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapclinic.practice.models import Client, Role
from tests.cast import PERSON, Cast, client

TESTS = Path(__file__).resolve().parent
FACTORIES = sorted((TESTS / "cast").glob("*.py"))
BY_HAND = {
    *("create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "save", "save_by"),
    *("insert_by", "cursor", "execute"),
}
EXCUSED = {
    # Seven rows for each of seven people in every test: through the service they would cost the suite half a minute.
    ("people.py", "works_daily", "bulk_create"),
    # Hands on the statement that it was shown.
}


def written_by_hand(path: Path) -> Iterator[tuple[str, str, str]]:
    """(module, function, verb) of each call that writes a row past the services."""
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                verb = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if verb in BY_HAND:
                    yield path.name, function.name, verb


def test_there_is_one_cast_and_no_other_clinic() -> None:
    found = [
        (str(path.relative_to(TESTS)), node.name)
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and ("Clinic" in node.name or "Cast" in node.name)
    ]
    assert found == [("cast/people.py", "Cast")]


def test_no_factory_writes_a_state_by_hand() -> None:
    assert len(FACTORIES) > 5  # it looked
    assert {call for path in FACTORIES for call in written_by_hand(path)} == EXCUSED


def test_a_factory_that_wrote_by_hand_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "worse.py"
    module.write_text(
        "def dosed(program):\n    return Session(program=program, status='completed').save_by(1, at=2)\n"
        "def signed(session):\n    return Note.objects.create(session=session, content_hash='0' * 64)\n"
    )
    assert set(written_by_hand(module)) == {
        ("worse.py", "dosed", "save_by"),
        ("worse.py", "signed", "create"),
    }


def test_there_is_one_person_of_each_role(cast: Cast) -> None:
    """Only of therapists North has another, since courses and slots pass from one to the other."""
    others = [user for user in cast.people.values() if user is not cast.other_therapist]
    north = Counter(role for user in others if cast.north.pk in user.locations for role in user.roles)
    south = Counter(role for user in others if cast.south.pk in user.locations for role in user.roles)
    assert north == dict.fromkeys(Role.values, 1)
    assert set(south.values()) == {1}
    assert {role: cast.people[name].roles for role, name in PERSON.items()} == {role: [role] for role in Role}


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.MEDICAL_DIRECTOR, Role.ADMIN}])
def test_nobody_at_south_sees_a_client_of_north(cast: Cast, role: Role) -> None:
    client(cast.north, by=cast.frontdesk)
    assert Client.objects.visible_to(cast.people[PERSON[role]]).exists()
    assert not Client.objects.visible_to(cast.people[f"south_{PERSON[role]}"]).exists()
