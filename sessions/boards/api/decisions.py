"""What waits for a prescriber over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import DIRECTOR, PRESCRIBER
from sessions.boards.api import decision_bodies
from sessions.boards.selectors.decisions import decisions
from sessions.booking.http import InNames
from sessions.booking.selectors.about import Ref


class DecisionViewSet(InNames):
    """One desk for all that a prescriber decides, what is due first at the top: it shows, and decides nothing."""

    object_type = "decision"
    client_path = "about_client"
    roles: ClassVar = {"desk": PRESCRIBER | DIRECTOR}
    output = decision_bodies.WaitingDecisionOut
    params: ClassVar = {
        "desk": (
            Param("for", choices=("me",), doc="only what the caller may and should decide"),
            Param("location", "uuid", doc="one of the caller's own; all of them unless given"),
        )
    }
    paged = frozenset({"desk"})
    logged = frozenset({"desk"})

    def desk(self, request: Request) -> Response:
        given = self.query()
        location = given.get("location")
        places = [pk for pk in self.user.locations if location in {None, pk}]
        rows = decisions(user=self.user, places=places, mine=given.get("for") == "me", at=self.at)
        page: Any = self.paginate_queryset(rows)
        self._touched.update(row["about_client"] for row in page)
        return self.get_paginated_response(self.represent(page, many=True))

    def ref(self, row: Any) -> Ref:
        return Ref(
            row=row["about_id"],
            client=row["about_client"],
            session=row["about_session"],
            assigned=row["about_assigned"],
        )
