"""Deny by default: a view says which roles may make which action, or it stays closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kapclinic.core.errors import ClinicError


class DenyAll(BasePermission):
    """The default: a view that forgot to say who may is closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class AllowAny(BasePermission):
    """For the few addresses that need no login."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return True


class PasswordChangeRequired(ClinicError):
    """Somebody else has set this person's password: until they choose their own, all but `view.always` is closed."""

    code, status, title = "password_change_required", 403, "Choose a password of your own first"


class RolesPerAction(BasePermission):
    """Reads `view.roles[view.action]`: a frozenset of roles, empty for "any signed-in user".

    Actions in `view.public` need no login. A method that the route lacks is let through, so that the answer is 405.
    Those in `view.always` are open to whoever is signed in but held back from everything else.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if view.action in view.public:
            return True
        if not request.user or not request.user.is_authenticated:
            return False
        if view.action not in view.always and request.user.password_change_required:
            raise PasswordChangeRequired
        roles = view.roles.get(view.action)
        if roles is None:
            return view.action is None
        return (
            not roles
            or bool(request.user.role_set & roles)
            or self._long_afterwards(request.user, request, view)
            or self._by_leave(request.user, view)
        )

    def _long_afterwards(self, user: Any, request: Request, view: Any) -> bool:
        """Does somebody of `view.late_roles` give a reason? What it is for, the service judges."""
        late = view.late_roles.get(view.action, frozenset())
        if not user.role_set & late:
            return False
        body = request.data
        return isinstance(body, Mapping) and bool(body.get("override_reason"))

    def _by_leave(self, user: Any, view: Any) -> bool:
        """Is this somebody of `view.leave_roles`, and does a location of theirs let them?"""
        return bool(user.role_set & view.leave_roles.get(view.action, frozenset())) and view.has_leave()
