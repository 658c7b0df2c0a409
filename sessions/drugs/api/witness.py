"""A witness over HTTP: their password is checked before the transaction of the write begins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.practice.api.second_step import party_of
from kapclinic.practice.models import User
from kapclinic.practice.rules import CLINICIANS
from kapclinic.trail import idempotency
from kapclinic.trail.http import ClinicViewSet
from sessions.drugs import services
from sessions.drugs.api import witness_bodies
from sessions.drugs.services import WitnessInvalid, verify_witness


class Witnessed(ABC):
    """For a view set with bodies that may name a `witness` {user, password}; stands before ClinicViewSet.

    Outside the transaction, because a wrong password is counted even though the request is refused. The refusal
    itself waits for the handler. Of a request whose answer is stored nothing is asked again: its code counted once, as
    it does of copies that come at once, before there is an answer.
    """

    _witness: User | None = None
    _refused: WitnessInvalid | None = None

    @abstractmethod
    def witness_location(self, body: Mapping[str, Any]) -> UUID | None:
        """Where the drug is; None when the request will be refused for another reason."""

    def may_begin(self: Any) -> bool:
        """Only where no witness is named in a body that reads as JSON: nothing but their password comes before."""
        try:
            body = orjson.loads(self.request._request.body)  # noqa: SLF001
        except orjson.JSONDecodeError:
            return False
        return isinstance(body, dict) and not body.get("witness")

    def before_write(self: Any) -> None:
        super().before_write()  # type: ignore[misc]
        serializer = self.inputs.get(self.action)
        if serializer is None or "witness" not in serializer().fields:
            return
        body = serializer(data=self.request.data, context=self.get_serializer_context())
        if not body.is_valid() or not body.validated_data.get("witness"):
            return
        location_id = self.witness_location(body.validated_data)
        if location_id is None:
            return
        named = body.validated_data["witness"]
        if idempotency.has_acted(self.request):
            self._refused = WitnessInvalid.because(
                "Send it again, with a new code."
            )  # should it not be kept any more
            return
        try:
            self._witness = verify_witness(
                witness=named,
                giver=self.user,
                location_id=location_id,
                party=party_of(self.request),
                at=self.at,
                copy=idempotency.print_of(self.request),
            )
        except WitnessInvalid as refused:
            self._refused = refused

    def witness(self) -> User | None:
        """The verified witness, or None when the body names none.

        :raises WitnessInvalid: when the one that it names can't be accepted
        """
        if self._refused is not None:
            raise self._refused
        return self._witness


class WitnessViewSet(ClinicViewSet):
    """A witness who has a passkey shows it at the browser of whoever asks for their signature."""

    object_type = "witness"
    idempotent = False
    roles: ClassVar = {"passkey": CLINICIANS}
    inputs: ClassVar = {"passkey": witness_bodies.WitnessPasskeyIn}
    output = witness_bodies.WitnessPasskeyOut

    def passkey(self, request: Request) -> Response:
        """What their passkey is asked with; its answer goes into `witness` with `challenge`, beside the password."""
        user = self.body()["user"]
        asked, options = services.ask_passkey(user_id=user, party=party_of(request), by=self.user, at=self.at)
        self._object_id = user
        return Response(self.represent({"challenge": asked, "passkey": options}))
