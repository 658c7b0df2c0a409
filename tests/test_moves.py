"""Every state machine of the house: every state with every move as every role."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from kapclinic.core import transitions
from kapclinic.core.errors import IllegalTransition, NotPermitted
from kapclinic.core.transitions import Move, Moves
from kapclinic.practice.models import BY_LINK, SYSTEM, Role
from kapclinic.trail.management.commands.states import tables, title

TABLES = tables()
ROLES = [*Role.values, *sorted(SYSTEM.role_set), BY_LINK]
CASES = [
    pytest.param(moves, name, id=f"{title(table)}-{name}")
    for table, moves in TABLES.items()
    for name in moves
]
EXPECTED = {
    "Session",
    "Obligation",
    "Program",
    "Protocol",
    "Check",
    "Alarm",
    "Task",
    "Screening",
    "Clearance",
    "Notes",
}


def _states(moves: Moves) -> set[str]:
    named = {source for move in moves.values() for source in move.sources}
    return named | {move.target for move in moves.values() if move.target} | {"no such state"}


def test_no_machine_is_forgotten() -> None:
    assert set(map(title, TABLES)) >= EXPECTED


@pytest.mark.parametrize(("moves", "name"), CASES)
def test_each_move_starts_where_the_table_says_and_by_whom(moves: dict[str, Move], name: str) -> None:
    move = moves[name]
    for state in _states(moves):
        for role in ROLES:
            row = SimpleNamespace(status=state)
            by = SimpleNamespace(role_set=frozenset({role}))
            if role not in move.roles:
                with pytest.raises(NotPermitted):
                    transitions.apply(moves, name, instance=row, by=by)
                assert row.status == state
            elif state not in move.sources:
                with pytest.raises(IllegalTransition) as refusal:
                    transitions.apply(moves, name, instance=row, by=by)
                assert row.status == state
                assert refusal.value.extra == {"state": state}
            else:
                transitions.apply(moves, name, instance=row, by=by)
                assert row.status == (move.target or state)
            listed = name in transitions.allowed(moves, state=state, by=by)
            assert listed == (role in move.roles and state in move.sources)


@pytest.mark.parametrize(("moves", "name"), CASES)
def test_nobody_without_a_role_moves_anything(moves: dict[str, Move], name: str) -> None:
    row = SimpleNamespace(status=next(iter(moves[name].sources)))
    with pytest.raises(NotPermitted):
        transitions.apply(moves, name, instance=row, by=SimpleNamespace(role_set=frozenset()))


@pytest.mark.parametrize(("moves", "name"), CASES)
def test_roles_are_known_ones(moves: dict[str, Move], name: str) -> None:
    assert moves[name].roles
    assert moves[name].roles <= set(ROLES)


def test_the_page_of_states_is_what_the_code_says() -> None:
    call_command("states", "--check", stdout=StringIO())
