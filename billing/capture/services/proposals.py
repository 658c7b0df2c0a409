"""Put a session's proposal together from its record, its notes and the price list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from billing.capture import selectors
from billing.capture.rules.facts import Case, Given, Overtaken, Priced, Seat, Signed, Stood
from billing.capture.rules.proposals import Proposal, propose
from billing.capture.rules.terms import Obliged, Terms, obliged
from billing.capture.selectors import Beside
from billing.codes import rules as code_rules
from billing.codes.models import ServiceCode
from billing.ledger import rules as ledger_rules
from billing.ledger.models import Charge
from billing.ledger.rules.record import Dose
from billing.ledger.services.overtaken import contradicted
from billing.ledger.services.rendered import Written
from billing.packages import selectors as packages
from billing.scales import selectors as scales
from kapclinic.core.statements import Row
from kapclinic.practice.models import User
from kapclinic.practice.rules import npi_is_valid
from sessions.booking.models import Session
from sessions.dosing import selectors as dosing
from sessions.dosing.models import Administration, AdministrationFinish
from sessions.drugs.rules.names import known_as
from sessions.notes import rules as note_rules
from sessions.notes.models import Note

PriceList = Sequence[tuple[ServiceCode, list[Row]]]
UNDOSED = frozenset({Session.Outcome.NOT_DOSED, Session.Outcome.TRANSFERRED})
THERAPY, MEDICAL = ServiceCode(code="90832"), ServiceCode(code="99212")  # any of their families


def proposals_of(sessions: QuerySet[Session]) -> list[tuple[Session, Proposal]]:
    """Each session with its proposal, in two queries, unless the record took back what was charged."""
    codes, cases = selectors.price_list(), selectors.cases(sessions)
    taken_back = _overtaken([session.pk for session, beside in cases if beside.was_voided])
    return [
        (
            session,
            propose(case_of(session, beside, codes=codes, overtaken=taken_back.get(session.pk, ()))),
        )
        for session, beside in cases
    ]


def terms_of(session: Session, made: Proposal) -> list[Obliged]:
    """What each line of a session's proposal will oblige the client to pay, in two queries."""
    agreement = scales.agreement_on(client=session.client_id, on=day_of(session))
    kinds = {line.code.code: line.code.line_kind for line in made.lines}
    terms = Terms(
        percent=agreement.percent if agreement else None,
        lots=packages.lots_by_code(client=session.client_id, kinds=kinds),
    )
    return obliged(made.lines, terms)


def _overtaken(sessions: Sequence[UUID]) -> dict[UUID, tuple[Overtaken, ...]]:
    """Session -> its standing charges that the record contradicts."""
    found: dict[UUID, tuple[Overtaken, ...]] = {}
    if not sessions:
        return found
    own = Charge.objects.filter(session__in=sessions)
    for charge, why in contradicted(list(own.values_list("pk", flat=True))).values():
        assert charge.session_id is not None
        row = Overtaken(charge=charge.pk, code=charge.code.code, why=why)
        found[charge.session_id] = (*found.get(charge.session_id, ()), row)
    return found


def case_of(
    session: Session, beside: Beside, *, codes: PriceList, overtaken: tuple[Overtaken, ...] = ()
) -> Case:
    """A session as the rules look at it."""
    on = day_of(session)
    given = [_given(told) for told in beside.doses]
    return Case(
        session=session.pk,
        program=session.program_id,
        kind=session.kind,
        modality=session.modality,
        is_begun=session.status in selectors.BEGUN,
        is_over=session.status == Session.Status.COMPLETED,
        is_dosed=bool(given) and session.outcome not in UNDOSED,
        seats=tuple(_seats(session, beside)),
        given=tuple(given),
        stay_minutes=_stay(beside),
        standing=tuple(_standing(session, beside, {code.code: code for code, _ in codes}, on=on)),
        prices=prices_on(codes, location=session.location_id, on=on),
        diagnosis=code_rules.dotted(session.program.diagnosis),
        diagnosis_fits=any(_holds(told, on) for told in beside.diagnoses),
        seen_before=beside.seen_before,
        overtaken=overtaken,
    )


def _stay(beside: Beside) -> int | None:
    """The minutes from the first dose to the discharge."""
    if not beside.doses or beside.discharged_at is None:
        return None
    began = datetime.fromisoformat(beside.doses[0]["administered_at"])
    return int((beside.discharged_at - began).total_seconds() // 60)


def day_of(row: Session) -> date:
    """The day of service."""
    return ledger_rules.date_of_service(
        starts_at=row.starts_at, completed_at=row.completed_at, zone=row.location.zone
    )


def prices_on(codes: PriceList, *, location: UUID, on: date) -> dict[str, Priced]:
    """The codes in force on a day, each with the fee there: the location's own before the general one."""
    return {
        code.code: Priced(code, _fee(fees, location=location, on=on))
        for code, fees in codes
        if code.active
        and (code.valid_from is None or code.valid_from <= on)
        and (code.valid_to is None or on <= code.valid_to)
    }


def _fee(fees: Iterable[Row], *, location: UUID, on: date) -> Decimal | None:
    held = {fee["location"]: Decimal(fee["amount"]) for fee in fees if _holds(fee, on)}
    return held.get(str(location), held.get(None))


def _holds(told: Row, on: date) -> bool:
    """Both ends inclusive; an end that is not said is open."""
    last = told["valid_to"]
    return date.fromisoformat(told["valid_from"]) <= on and (last is None or on <= date.fromisoformat(last))


def _given(told: Row) -> Given:
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


def _standing(
    session: Session, beside: Beside, codes: Mapping[str, ServiceCode], *, on: date
) -> Iterable[Stood]:
    """The standing charges of the session's own day."""
    return (
        Stood(
            code=codes[told["code"]],
            units=told["units"],
            here=told["session"] == str(session.pk),
            rendering=None if told["rendering"] is None else UUID(told["rendering"]),
        )
        for told in beside.charges
        if date.fromisoformat(told["on"]) == on
    )


def _seats(session: Session, beside: Beside) -> Iterable[Seat]:
    """The staff of the session in the order in which it names them, each with what they signed."""
    people = {told["id"]: told for told in beside.people}
    notes = [_note(told, session) for told in beside.notes]
    signed = [note for note in notes if note.status == Note.Status.SIGNED]
    written = Written(session=session, on=day_of(session), notes=signed, charges=())
    for seat in session.staff:
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


def _note(told: Row, session: Session) -> Note:
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
