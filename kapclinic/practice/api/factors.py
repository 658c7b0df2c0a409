"""Second factors over HTTP: one's own, saying once more who one is, and resets by two people."""

from __future__ import annotations

from math import ceil
from typing import Any, ClassVar

import segno
from django.contrib.auth import update_session_auth_hash
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.core.http.problems import Problem
from kapclinic.practice import doors
from kapclinic.practice.api import factor_bodies
from kapclinic.practice.api.second_step import party_of, second_step
from kapclinic.practice.factor_models import FactorReset
from kapclinic.practice.factors import enrolling, freshness, proving, resets, rules, selectors
from kapclinic.practice.models import User
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin


class OwnPasswordMixin:
    """Checks the password of a body outside the transaction: a wrong one is counted although it is refused."""

    with_password: ClassVar[frozenset[str]] = frozenset()
    confirmed = False

    def before_write(self: Any) -> None:
        super().before_write()  # type: ignore[misc]
        if self.action in self.with_password:
            password = self.body()["password"]
            self.confirmed = doors.confirm_password(user=self.user, password=password, at=self.at)

    def refused(self: Any) -> Problem | None:
        """What somebody is told whose password is wrong, or who guessed too often."""
        if self.confirmed:
            return None
        if (until := doors.own_locked_until(user=self.user, at=self.at)) is None:
            return Problem(Invalid.field("password", "The password is wrong.", code="wrong"))
        wait = ceil((until - self.at).total_seconds())
        locked = proving.TooManyCodes("Wait a few minutes, or ask the administrator.", retry_after=wait)
        return Problem(locked, headers={"Retry-After": str(wait)})


class StepUpViewSet(OwnPasswordMixin, ClinicViewSet):
    """Say once more who one is: for five minutes that opens what asks for a fresh sign-in."""

    object_type = "auth"
    idempotent = False
    roles: ClassVar = {"step_up": ANYONE}
    by_session = unenrolled = with_password = frozenset({"step_up"})
    inputs: ClassVar = {"step_up": factor_bodies.StepUpIn}

    def step_up(self, request: Request) -> Response:
        body = self.body()
        if (problem := self.refused()) is not None:
            return problem
        if (problem := second_step(request, user=self.user, body=body, at=self.at)) is not None:
            return problem
        freshness.mark(request._request.session, at=self.at)  # noqa: SLF001
        return Response(status=204)


class SecondFactorViewSet(OwnPasswordMixin, ListMixin, ClinicViewSet):
    """The caller's own authenticator apps and passkeys."""

    object_type = "second_factor"
    idempotent = False
    roles: ClassVar = dict.fromkeys(
        ("list", "totp", "confirm_totp", "passkey", "confirm_passkey", "remove"), ANYONE
    )
    by_session = unenrolled = frozenset(roles)
    fresh = frozenset({"totp", "passkey", "remove"})
    created = with_password = frozenset({"totp", "passkey"})
    inputs: ClassVar = {
        "totp": factor_bodies.EnrolIn,
        "passkey": factor_bodies.EnrolIn,
        "confirm_totp": factor_bodies.ConfirmTotpIn,
        "confirm_passkey": factor_bodies.ConfirmPasskeyIn,
    }
    output = factor_bodies.FactorOut
    outputs: ClassVar = {
        "totp": factor_bodies.TotpOut,
        "passkey": factor_bodies.PasskeyOut,
        "confirm_totp": factor_bodies.RecoveryCodesOut,
        "confirm_passkey": factor_bodies.RecoveryCodesOut,
    }

    def get_queryset(self) -> Any:
        return selectors.listed(self.user)

    def totp(self, request: Request) -> Response:
        """Begin with an authenticator app; it counts once its first code is confirmed."""
        if (problem := self.refused()) is not None:
            return problem
        row, secret = enrolling.begin_totp(user=self.user, at=self.at)
        self._object_id = row.pk
        uri = rules.otpauth_uri(secret, email=self.user.email)
        shown = {
            "id": row.pk,
            "secret": rules.secret_text(secret),
            "otpauth_uri": uri,
            "picture": segno.make(uri, error="m").svg_data_uri(scale=5, border=3, light="#fff", dark="#000"),
        }
        return Response(self.represent(shown), status=201)

    def confirm_totp(self, request: Request, pk: Any) -> Response:
        """The app's first code; the answer is ten recovery codes, shown this once."""
        otp = self.body()["otp"]
        codes = enrolling.confirm_totp(user=self.user, factor_id=pk, otp=otp, at=self.at)
        if codes is None:
            return Problem(
                Invalid.field("otp", "This code is not right, or not right any more.", code="wrong")
            )
        return self._enrolled(request, codes)

    def passkey(self, request: Request) -> Response:
        """Begin with a passkey: `options` is for the browser, which makes it."""
        if (problem := self.refused()) is not None:
            return problem
        row, asked, options = enrolling.begin_passkey(user=self.user, party=party_of(request), at=self.at)
        freshness.remember(request._request.session, asked.pk, what=freshness.ENROLLING)  # noqa: SLF001
        self._object_id = row.pk
        return Response(self.represent({"id": row.pk, "options": options}), status=201)

    def confirm_passkey(self, request: Request, pk: Any) -> Response:
        """The passkey that the browser made; the answer is ten recovery codes, shown this once."""
        body = self.body()
        codes = enrolling.confirm_passkey(
            user=self.user,
            factor_id=pk,
            credential=body["credential"],
            name=body["name"],
            challenge_id=freshness.take(request._request.session, what=freshness.ENROLLING),  # noqa: SLF001
            party=party_of(request),
            at=self.at,
        )
        return self._enrolled(request, codes)

    def _enrolled(self, request: Request, codes: list[str]) -> Response:
        """This browser stays signed in, as one that has just proved the second factor."""
        update_session_auth_hash(request._request, self.user)  # noqa: SLF001
        freshness.mark(request._request.session, at=self.at)  # noqa: SLF001
        return Response(self.represent({"recovery_codes": codes}))

    def remove(self, request: Request, pk: Any) -> Response:
        """End one of one's own. With the last one the recovery codes go, and every other browser is signed out."""
        enrolling.remove_factor(user=self.user, factor_id=pk, at=self.at)
        update_session_auth_hash(request._request, self.user)  # noqa: SLF001
        return Response(status=204)


class FactorResetViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """Somebody lost all that they prove themselves with. One person asks, another approves; the owner is told."""

    queryset = FactorReset.objects.none()
    object_type = "second_factor_reset"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "approve", "decline"), resets.DECIDERS)
    fresh = frozenset({"create", "approve", "decline"})
    inputs: ClassVar = {"create": factor_bodies.ResetIn, "approve": Empty, "decline": Empty}
    output = factor_bodies.ResetOut
    filters = (
        Param("state", "text", "state_now", choices=tuple(FactorReset.State.values)),
        Param("user", "uuid", "user_id"),
    )
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> Any:
        return selectors.resets(at=self.at)

    def create(self, request: Request) -> Response:
        body = self.body()
        row = resets.ask_for_reset(user_id=body["user"], reason=body["reason"], by=self.user, at=self.at)
        return self.answer(row, status=201)

    def approve(self, request: Request, pk: Any) -> Response:
        """A second person agrees: neither who asked nor the owner, and one of the two is an administrator."""
        self.body()
        by: User = self.user
        return self.answer(resets.approve_reset(reset_id=self.get_object().pk, by=by, at=self.at))

    def decline(self, request: Request, pk: Any) -> Response:
        self.body()
        by: User = self.user
        return self.answer(resets.decline_reset(reset_id=self.get_object().pk, by=by, at=self.at))
