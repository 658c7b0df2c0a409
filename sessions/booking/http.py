"""The base of views below `sessions/{session_id}/`: the session must be visible, else there is nothing."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from kapclinic.core.http.fields import Text
from kapclinic.trail.http import ClinicViewSet
from sessions.booking.models import Session


class LateReason(Text):
    """Why something is written down more than 7 days afterwards."""

    def __init__(self, **kwargs: Any) -> None:
        words = "of the medical director, who alone enters what is more than 7 days ago"
        default = {
            "max_length": 1000,
            "required": False,
            "allow_blank": True,
            "default": "",
            "help_text": words,
        }
        super().__init__(**default | kwargs)


class InSession(ClinicViewSet):
    """Rows of one session; `self.session` is the row of the address, loaded once."""

    client_path = "session.client_id"

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        found = Session.objects.visible_to(self.user).select_related("program__protocol")
        session = found.filter(pk=kwargs["session_id"]).first()
        if session is None:
            raise Http404
        self.session: Session = session
        self._touched.add(session.client_id)

    def touch(self, row: Any) -> None:
        self._touched.add(self.session.client_id)

    def lock_session(self) -> Session:
        """The session's row, locked until the transaction ends, with its program and protocol."""
        found = Session.objects.select_for_update(of=("self",)).select_related(
            "program__protocol", "program__location"
        )
        locked: Session = found.get(pk=self.session.pk)
        return locked
