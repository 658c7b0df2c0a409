"""State machines as tables: one frozen `MOVES` per machine, readable by a nurse.

From the same table come the role check, the state check, `allowed_moves` in answers, docs/states.md and the
test of every state x move x role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kapclinic.core.errors import IllegalTransition, NotPermitted


@dataclass(frozen=True)
class Move:
    """From any of `sources` to `target` (None: the state stays), by any of `roles`."""

    sources: frozenset[str]
    target: str | None
    roles: frozenset[str]

    @classmethod
    def of(cls, sources: set[str], target: str | None, roles: set[str] | frozenset[str]) -> Move:
        return cls(
            frozenset(map(str, sources)), None if target is None else str(target), frozenset(map(str, roles))
        )


Moves = Mapping[str, Move]


class HasRoles(Protocol):
    """Whoever acts, seen from below: a staff member, or the system account of the worker."""

    @property
    def role_set(self) -> frozenset[str]: ...


def require_role(by: HasRoles, roles: frozenset[str] | set[str], *, what: str) -> None:
    """Refuse unless `by` holds one of `roles`.

    :raises NotPermitted: naming the roles that may
    """
    if by.role_set & {str(role) for role in roles}:
        return
    names = ", ".join(sorted(map(str, roles)))
    if not names:
        raise NotPermitted(f"{what} is open to no role.")
    raise NotPermitted(f"{what} needs {'one of the roles' if len(roles) > 1 else 'the role'}: {names}.")


def apply(moves: Moves, name: str, *, instance: Any, by: HasRoles, field: str = "status") -> None:
    """Set the state of `instance` by the move `name`; saves nothing.

    :raises NotPermitted: when no role of `by` may make the move
    :raises IllegalTransition: when the move does not start in the present state
    """
    move = moves[name]
    require_role(by, move.roles, what=f"The move '{name}'")
    state = str(getattr(instance, field))
    if state not in move.sources:
        sources = ", ".join(sorted(move.sources))
        raise IllegalTransition(f"'{name}' is possible from: {sources}. Now: {state}.", state=state)
    if move.target is not None:
        setattr(instance, field, move.target)


def allowed(moves: Moves, *, state: str, by: HasRoles) -> list[str]:
    """The moves that `by` could make from `state`, in the table's order."""
    return [name for name, move in moves.items() if state in move.sources and by.role_set & move.roles]
