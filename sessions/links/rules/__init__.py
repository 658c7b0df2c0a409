"""Pure rules of links: who sends them, what ends them, when their page asks, shows or says that it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from kapclinic.core.transitions import Move
from kapclinic.practice.models import BY_LINK, Role
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from programs.models import Modality, Program
from screening.models import Consent, Screening
from screening.rules.conditions import value_of
from screening.rules.instruments import INSTRUMENTS
from sessions.booking.models import Session
from sessions.booking.rules import HERE
from sessions.links.models import ClientLink

P, S = ClientLink.Purpose, ClientLink.State

SENDERS = frozenset({Role.FRONT_DESK, Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER})
LINK_MOVES = {
    "use": Move.of({S.LIVE}, S.USED, {BY_LINK}),
    "lock": Move.of({S.LIVE}, S.LOCKED, {BY_LINK}),
    "revoke": Move.of({S.LIVE}, S.REVOKED, BOOKERS),
    "take_over": Move.of({S.USED}, None, CLINICIANS),
}
TAKEN_OVER = frozenset({P.INTAKE, P.CONFIRM})  # where a clinician must look
EXPIRED = "expired"  # beside the states: live, and its time is over

TRIES = 5
SEEN_FOR = timedelta(hours=1)  # how long the birth date that was given lets a page be sent
JOIN_FROM = timedelta(minutes=15)  # before the start of a video session
CHECKED_WITHIN = timedelta(hours=72)  # before a dose its day-before check is asked
OVER = frozenset({Program.Status.COMPLETED, Program.Status.DISCONTINUED})

# Scales that a client answers alone. A clinician rates the others, or asks them and stays (C-SSRS).
BY_CLINICIAN = frozenset({"madrs", "cadss", "cssrs", "bprs"})
SELF_REPORT = tuple(key for key in INSTRUMENTS if key not in BY_CLINICIAN)

ANSWER, LOOK = "answer", "look"
UNKNOWN, NOTE = "unknown", 1000  # NOTE: the longest that an answer's note may be


class Ride(TypedDict):
    """Who takes the client home, as the client says."""

    name: str
    phone: str
    relationship: str


class VisitAnswer(TypedDict):
    """What a client says of a booked session; what is left out was not asked."""

    coming: bool
    wish: NotRequired[str]
    fasting: NotRequired[bool]
    ride: NotRequired[Ride | None]
    medicines: NotRequired[list[str]]


class WordedAnswer(TypedDict):
    """`value`: yes, no, or "unknown"."""

    value: bool | str
    note: NotRequired[str]


class IntakeAnswer(TypedDict):
    """The screening's questions as the client answers them, by code, and medicines line by line."""

    answers: dict[str, WordedAnswer]
    medicines: list[str]


def state_of(link: ClientLink, *, at: datetime) -> str:
    """The state as staff read it."""
    return EXPIRED if link.state == S.LIVE and link.expires_at <= at else str(link.state)


def opens(link: ClientLink, *, at: datetime) -> str | None:
    """What the page behind a link does: ANSWER, LOOK (at the session that it confirmed), or None: it is over.

    `link` comes with its client, program and subject.
    """
    if link.state not in {S.LIVE, S.USED} or link.expires_at <= at or link.tries >= TRIES:
        return None
    if link.client.died_on is not None or link.program.client.died_on is not None:
        return None
    if link.state == S.LIVE and is_open(link, at=at):
        return ANSWER
    return LOOK if link.session is not None and is_ahead(link.session, at=at) else None


def is_open(link: ClientLink, *, at: datetime) -> bool:
    """Is there still something to answer? A course that is over asks nothing."""
    if link.program.status in OVER:
        return False
    if link.consent is not None:
        return link.consent.status == Consent.Status.DRAFT
    if link.screening is not None:
        return link.screening.status == Screening.Status.DRAFT
    if link.session is not None:
        return link.session.status == Session.Status.SCHEDULED and link.session.starts_at > at
    return True


def is_ahead(session: Session, *, at: datetime) -> bool:
    """Is this a video session that the client may still join?"""
    on = session.status == Session.Status.SCHEDULED or session.status in HERE
    return on and session.modality == Modality.VIDEO and session.ends_at > at


def may_join(session: Session, *, at: datetime) -> bool:
    """From 15 minutes before its start until its end."""
    return is_ahead(session, at=at) and session.starts_at - JOIN_FROM <= at


def is_checked(session: Session, *, at: datetime) -> bool:
    """Does this session ask for the check of the day before: a dose that is near?"""
    return session.kind == "dosing" and session.starts_at - at <= CHECKED_WITHIN


def is_born(said: date, *, known: set[date]) -> bool:
    """Is it the birth date of the client, as any registration of theirs has it?"""
    return said in known


def subject_of(link: ClientLink) -> dict[str, str] | UUID:
    """What the link is about, as the body that made it names it."""
    if link.purpose == P.MEASURE:
        return {"program": str(link.program_id), "instrument": link.instrument}
    found = link.consent_id or link.screening_id or link.session_id
    assert found is not None  # a constraint of the table
    return found


def merged_answers(present: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The screening's answers with those of the client: what a clinician wrote stays.

    A yes of the client's is never lost to it: it takes the place of an unknown, and against a no of a clinician's the
    answer is unknown, in the words of both: a finding until somebody has asked again.
    """
    merged = {**told, **present}
    for code, answer in told.items():
        if value_of(answer) is not True or code not in present or value_of(present[code]) is True:
            continue
        open_again = {"value": UNKNOWN, "note": _both(present[code], answer)}
        merged[code] = answer if value_of(present[code]) == UNKNOWN else open_again
    return merged


def _both(present: Any, told: Any) -> str:
    """What a clinician and the client say of one condition."""
    said = (present.get("note"), told.get("note")) if isinstance(present, Mapping) else ("", told.get("note"))
    words = [
        ": ".join(filter(None, pair))
        for pair in zip(("A clinician: no", "The client: yes"), said, strict=True)
    ]
    return "; ".join(words)[:NOTE]


def merged_medicines(present: Sequence[str], told: Sequence[str]) -> list[str]:
    """The medicines of the draft, and those of the client that it lacks."""
    known = {text.casefold() for text in present}
    return [*present, *(text for text in told if text.casefold() not in known)]
