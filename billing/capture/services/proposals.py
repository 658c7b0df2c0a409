"""Put a session's proposal together from its record, its notes and the price list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from billing.capture import selectors
from billing.capture.rules.facts import Case, Given, Priced, Seat, Signed, Stood
from billing.capture.rules.proposals import Proposal, propose
from billing.codes import rules as code_rules
from billing.codes.models import ServiceCode
from billing.ledger import rules as ledger_rules
from billing.ledger.rules.record import Dose
from billing.ledger.services.rendered import Written
from kapclinic.practice.models import User
from kapclinic.practice.rules import npi_is_valid
from sessions.booking.models import Session
from sessions.dosing import selectors as dosing
from sessions.dosing.models import Administration, AdministrationFinish
from sessions.drugs.rules.names import known_as
from sessions.notes import rules as note_rules
from sessions.notes.models import Note

Data = Mapping[str, Any]  # a row of what `selectors.cases` puts beside a session
UNDOSED = frozenset({Session.Outcome.NOT_DOSED, Session.Outcome.TRANSFERRED})
THERAPY, MEDICAL = ServiceCode(code="90832"), ServiceCode(code="99212")  # any of their families


def proposals_of(sessions: QuerySet[Session]) -> list[tuple[Session, Proposal]]:
    """Each session with its proposal, in two queries."""
    codes = selectors.price_list()
    return [(row, propose(case_of(row, codes=codes))) for row in selectors.cases(sessions)]


def case_of(row: Any, *, codes: Sequence[ServiceCode]) -> Case:
    """A row of `selectors.cases` as the rules look at it."""
    on = day_of(row)
    by_code = {code.code: code for code in codes}
    given = [_given(dose) for dose in row.given]
    begun = [datetime.fromisoformat(dose["administered_at"]) for dose in row.given]
    stay = int((row.discharged_at - begun[0]).total_seconds() // 60) if begun and row.discharged_at else None
    return Case(
        session=row.pk,
        program=row.program_id,
        kind=row.kind,
        modality=row.modality,
        is_begun=row.status in selectors.BEGUN,
        is_over=row.status == Session.Status.COMPLETED,
        is_dosed=bool(given) and row.outcome not in UNDOSED,
        seats=tuple(_seats(row)),
        given=tuple(given),
        stay_minutes=stay,
        standing=tuple(_standing(row, by_code, on=on)),
        prices=prices_on(codes, location=row.location_id, on=on),
        diagnosis=code_rules.dotted(row.program.diagnosis),
        diagnosis_fits=any(_holds(told, on) for told in row.coded),
        seen_before=row.seen_before,
    )


def day_of(row: Session) -> date:
    """The day of service."""
    return ledger_rules.date_of_service(
        starts_at=row.starts_at, completed_at=row.completed_at, zone=row.location.zone
    )


def prices_on(codes: Iterable[ServiceCode], *, location: UUID, on: date) -> dict[str, Priced]:
    """The codes in force on a day, each with the fee there: the location's own before the general one."""
    return {
        code.code: Priced(code, _fee(code, location=location, on=on))
        for code in codes
        if code.active
        and (code.valid_from is None or code.valid_from <= on)
        and (code.valid_to is None or on <= code.valid_to)
    }


def _fee(code: Any, *, location: UUID, on: date) -> Decimal | None:
    held = {fee["location"]: Decimal(fee["amount"]) for fee in code.prices if _holds(fee, on)}
    return held.get(str(location), held.get(None))


def _holds(told: Data, on: date) -> bool:
    """Both ends inclusive; an end that is not said is open."""
    last = told["valid_to"]
    return date.fromisoformat(told["valid_from"]) <= on and (last is None or on <= date.fromisoformat(last))


def _given(told: Data) -> Given:
    """A dose as `ledger.services.rendered` reads it, and its lot."""
    row = Administration(
        dose_mg=Decimal(told["dose_mg"]), given_mg=_decimal(told["given_mg"]), drug=told["drug"]
    )
    began = datetime.fromisoformat(told["administered_at"])
    ended = began
    if told["ended_at"] is not None:
        ended = datetime.fromisoformat(told["ended_at"])
        row.finish = AdministrationFinish(given_mg=Decimal(told["finish_mg"]))
    lot = told["lot"] or {}
    return Given(
        dose=Dose(
            drug=known_as(told["drug"]),
            route=told["route"],
            supply=told["supply"],
            mg=dosing.total_mg([row]),
            minutes=int((ended - began).total_seconds() // 60),
        ),
        lot=None if told["drug_lot"] is None else UUID(told["drug_lot"]),
        ndc=lot.get("ndc", ""),
        per_ml=_decimal(lot.get("per_ml")),
        per_container=_decimal(lot.get("per_container")),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _standing(row: Any, codes: Mapping[str, ServiceCode], *, on: date) -> Iterable[Stood]:
    """The standing charges of the session's own day."""
    return (
        Stood(
            code=codes[told["code"]],
            units=told["units"],
            here=told["session"] == str(row.pk),
            rendering=None if told["rendering"] is None else UUID(told["rendering"]),
        )
        for told in row.of_day
        if date.fromisoformat(told["on"]) == on
    )


def _seats(row: Any) -> Iterable[Seat]:
    """The staff of the session in the order in which it names them, each with what they signed."""
    people = {told["id"]: told for told in row.seated}
    notes = [_note(told, row) for told in row.written]
    signed = [note for note in notes if note.status == Note.Status.SIGNED]
    written = Written(session=row, on=day_of(row), notes=signed, charges=())
    for seat in row.staff:
        told = people.get(seat["user"])
        if told is None:
            continue
        user = User(pk=UUID(seat["user"]))
        waits = [n.pk for n in notes if n not in signed and n.author_id == user.pk]
        yield Seat(
            user=user.pk,
            name=told["name"],
            role=seat["role"],
            has_npi=npi_is_valid(told["npi"]),
            therapy=_signed(written.note_of(user, THERAPY)),
            medical=_signed(written.note_of(user, MEDICAL)),
            waits=waits[0] if waits else None,
        )


def _signed(note: Note | None) -> Signed | None:
    if note is None:
        return None
    return Signed(note_rules.service_minutes(note), note.minutes_source == Note.MinutesSource.SAID)


def _note(told: Data, session: Session) -> Note:
    return Note(
        pk=UUID(told["id"]),
        session=session,
        author_id=UUID(told["author"]),
        cosigner_id=None if told["cosigner"] is None else UUID(told["cosigner"]),
        kind=told["kind"],
        status=told["status"],
        service_started_at=_moment(told["began"]),
        service_ended_at=_moment(told["ended"]),
        minutes_source=told["source"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
