"""What a browser and a passkey say to each other (WebAuthn level 3), by py_webauthn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kapclinic.practice.factor_models import SecondFactor

TRANSPORTS = frozenset(one.value for one in AuthenticatorTransport)


@dataclass(frozen=True)
class Party:
    """This clinic as a passkey knows it: the name of its host, and the address that its pages come from."""

    host: str
    origin: str


class NotProven(ValueError):
    """What the passkey answered does not fit the question."""


def _known(factors: Iterable[SecondFactor]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(one.credential or b""),
            transports=[AuthenticatorTransport(name) for name in one.transports if name in TRANSPORTS],
        )
        for one in factors
        if one.credential
    ]


def options_to_enrol(
    *,
    party: Party,
    challenge: bytes,
    user_id: UUID,
    email: str,
    name: str,
    known: Iterable[SecondFactor],
) -> dict[str, Any]:
    """What `navigator.credentials.create` is called with, binary values as base64url."""
    options = generate_registration_options(
        rp_id=party.host,
        rp_name="kapclinic",
        user_id=user_id.bytes,
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        exclude_credentials=_known(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


def options_to_prove(*, party: Party, challenge: bytes, known: Iterable[SecondFactor]) -> dict[str, Any]:
    """What `navigator.credentials.get` is called with."""
    options = generate_authentication_options(
        rp_id=party.host, challenge=challenge, allow_credentials=_known(known)
    )
    found: dict[str, Any] = json.loads(options_to_json(options))
    return found


@dataclass(frozen=True)
class Enrolled:
    """A new passkey as it is kept."""

    credential: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]


def enrolled(credential: Mapping[str, Any], *, party: Party, challenge: bytes) -> Enrolled:
    """:raises NotProven: when it answers another question, or comes from another site"""
    try:
        found = verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
        )
    except (WebAuthnException, ValueError, TypeError, LookupError, AttributeError) as exc:
        raise NotProven(type(exc).__name__) from exc
    answer = credential.get("response")
    named = answer.get("transports") if isinstance(answer, Mapping) else None
    transports = [name for name in named if name in TRANSPORTS] if isinstance(named, list) else []
    return Enrolled(found.credential_id, found.credential_public_key, found.sign_count, transports)


def credential_id(credential: Mapping[str, Any]) -> bytes:
    """:raises NotProven: when it names none"""
    try:
        return base64url_to_bytes(str(credential["id"]))
    except (ValueError, KeyError) as exc:
        raise NotProven(type(exc).__name__) from exc


def count_after(
    credential: Mapping[str, Any], *, factor: SecondFactor, party: Party, challenge: bytes
) -> int:
    """How often the passkey says that it was used, once its signature is right.

    :raises NotProven: for a wrong signature, another question or site, or a count that went back (a copied passkey)
    """
    try:
        found = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=bytes(factor.public_key or b""),
            credential_current_sign_count=factor.sign_count,
        )
    except (WebAuthnException, ValueError, TypeError, LookupError, AttributeError) as exc:
        raise NotProven(type(exc).__name__) from exc
    return found.new_sign_count
