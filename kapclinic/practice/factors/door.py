"""What is asked before a request is handled: a session, a fresh proof, an enrolment. A view declares which."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from kapclinic.core.errors import ClinicError, NotPermitted
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.factors import freshness


class SessionRequired(NotPermitted):
    """A person at a browser does this: a bearer token, which lies in a file, does not."""

    code, title = "session_required", "Sign in with a browser for this"


class StepUpRequired(ClinicError):
    """Who signed in a while ago says once more who they are (`POST auth/step-up/`)."""

    code, status, title = "step_up_required", 401, "Say once more who you are"


class EnrolmentRequired(NotPermitted):
    code, title = "second_factor_enrolment_required", "Set up a second factor first"


def must_enrol(user: Any) -> bool:
    """Does the clinic ask for a second factor that this person has not set up?"""
    return settings.REQUIRE_SECOND_FACTOR and not user.has_factor


def ask(request: Any, view: Any) -> None:
    """Refuse what needs more than a sign-in of some time ago.

    :raises EnrolmentRequired: for all but `view.unenrolled`, to one without a second factor where it is required
    :raises SessionRequired: for `view.by_session` by a bearer token, for `view.fresh` by that of one with a factor, and
        for `view.whole` by one that is narrowed to some roles or locations
    :raises StepUpRequired: when password and second factor were given more than five minutes ago
    """
    user, action = request.user, view.action
    if not user.is_authenticated or action in view.public:
        return
    if must_enrol(user) and action not in view.unenrolled:
        raise EnrolmentRequired("Set up an authenticator app or a passkey: nothing else is open until then.")
    fresh = action in view.fresh_for_all or (user.has_factor and action in view.fresh)
    narrowed = user.is_narrowed and action in view.whole
    if isinstance(request.auth, AuthToken) and (fresh or narrowed or action in view.by_session):
        raise SessionRequired("A bearer token may not do this.")
    if fresh and not freshness.is_fresh(request._request.session, at=view.at):  # noqa: SLF001
        raise StepUpRequired("Give your password once more, and your second factor if you have one.")
