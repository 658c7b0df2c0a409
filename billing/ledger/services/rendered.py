"""What a completed session's record says of a line: who signed, what was given, how long, what is charged already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypedDict
from uuid import UUID

from billing.codes import selectors as codes
from billing.codes.models import ServiceCode
from billing.codes.rules import Family, family_of, requirements
from billing.codes.rules.catalogue import NEW
from billing.ledger import rules, selectors
from billing.ledger.models import Charge
from billing.ledger.rules.record import Dose, Record, Standing
from kapclinic.core.errors import Conflict
from kapclinic.practice.models import User
from kapclinic.practice.selectors import staff_as_of
from screening import selectors as screening
from sessions.booking.models import Session
from sessions.dosing import selectors as dosing
from sessions.dosing.models import Administration, Discharge
from sessions.drugs.rules.names import known_as
from sessions.notes import rules as note_rules
from sessions.notes import selectors as notes
from sessions.notes.models import Note


class NotSigned(Conflict):
    code, title = "not_signed", "Who rendered this service has not signed"


@dataclass(frozen=True)
class Written:
    """A session as far as it is written up: its signed notes, and the day's standing charges of the client."""

    session: Session
    on: date
    notes: Sequence[Note]
    charges: Sequence[Charge]

    @property
    def signers(self) -> set[UUID]:
        """Authors and cosigners of the signed notes."""
        return {pk for note in self.notes for pk in (note.author_id, note.cosigner_id) if pk is not None}

    def taken(self, code: ServiceCode) -> set[UUID]:
        """Who has a line beside which `code` can't stand."""
        return {
            row.rendering_id
            for row in self.charges
            if row.rendering_id is not None
            and (row.code.code in code.excludes or code.code in row.code.excludes)
        }

    def note_of(self, user: User, code: ServiceCode) -> Note | None:
        """The signed note that this clinician wrote, else the one that they cosigned; where there are two, that of the
        kind of the service: medical or not.
        """
        medical = family_of(code.code) == Family.MEDICAL
        own = [note for note in self.notes if user.pk in (note.author_id, note.cosigner_id)]
        own.sort(key=lambda note: (note.author_id != user.pk, (note.kind == Note.Kind.MEDICAL) != medical))
        return own[0] if own else None


def read_session(session: Session, *, on: date, but: UUID | None = None) -> Written:
    """Call under `lock_ledger`, so that no other desk adds a line meanwhile. `but` is a charge to look away from."""
    charges = selectors.standing_of_day(client_id=session.client_id, on=on)
    return Written(
        session=session,
        on=on,
        notes=list(notes.signed_notes(session_id=session.pk)),
        charges=list(charges if but is None else charges.exclude(pk=but)),
    )


def require_signature(written: Written, *, note: Note | None, code: ServiceCode, rendering: User) -> None:
    """A line stands on its clinician's `note`. A drug stands on order and administration: it needs none.

    :raises NotSigned: with `missing`, [{user, note_kind}]
    """
    if note is not None or family_of(code.code) == Family.DRUG:
        return
    session = written.session
    kind = note_rules.note_kind_of(rendering, session_kind=session.kind)
    waits = notes.waits_for_cosigner(session_id=session.pk, author_id=rendering.pk)
    detail = (
        "The note waits for its second signature."
        if waits
        else "The rendering clinician signs the note first."
    )
    raise NotSigned(detail, missing=[{"user": str(rendering.pk), "note_kind": kind}])


def record_of(written: Written, *, code: ServiceCode, rendering: User, note: Note | None) -> Record:
    """What is on record for a line of this clinician, as far as the code asks for it: `rules.record` judges it."""
    session = written.session
    asks = requirements.read(code.requires).a_dose or code.minutes_of != ServiceCode.MinutesOf.NOTE
    doses = list(dosing.doses_with_ends(session_id=session.pk)) if asks else []
    by_instruments = code.units_by == ServiceCode.UnitsBy.INSTRUMENTS
    return Record(
        kind=session.kind,
        modality=session.modality,
        doses=tuple(_dose(row) for row in doses),
        note_minutes=None if note is None else note_rules.service_minutes(note),
        stay_minutes=_stay(session, doses) if code.minutes_of == ServiceCode.MinutesOf.STAY else None,
        instruments=_instruments(session, on=written.on) if by_instruments else 0,
        seen_before=code.code in NEW and selectors.was_seen_before(session),
        lines=tuple(lines_of(written.charges, session_id=session.pk, rendering_id=rendering.pk)),
    )


def _instruments(session: Session, *, on: date) -> int:
    """How many instruments the client filled in whole on that local day."""
    midnight = datetime.combine(on, datetime.min.time(), tzinfo=session.location.zone)
    until = datetime.combine(on + timedelta(days=1), datetime.min.time(), tzinfo=session.location.zone)
    return screening.instruments_completed(client_id=session.client_id, since=midnight, until=until)


def lines_of(
    charges: Sequence[Charge], *, session_id: UUID | None, rendering_id: UUID | None
) -> list[Standing]:
    """Charges of a day as a line of this session and clinician sees them."""
    return [
        Standing(
            code=row.code,
            units=row.units,
            here=row.session_id == session_id,
            mine=row.rendering_id == rendering_id,
        )
        for row in charges
    ]


def _dose(row: Administration) -> Dose:
    ended_at = row.finish.ended_at if hasattr(row, "finish") else row.administered_at
    return Dose(
        drug=known_as(row.drug),
        route=row.route,
        supply=row.supply,
        mg=dosing.total_mg([row]),
        minutes=_minutes(row.administered_at, ended_at),
    )


def _stay(session: Session, doses: Sequence[Administration]) -> int | None:
    """The minutes from the first dose to the discharge."""
    left = Discharge.objects.filter(session=session).values_list("discharged_at", flat=True).first()
    return None if left is None or not doses else _minutes(doses[0].administered_at, left)


def _minutes(since: datetime, until: datetime) -> int:
    return int((until - since).total_seconds() // 60)


class Snapshots(TypedDict):
    """What a line keeps of the day of its signature; a clinician is {name, credentials, npi, license}."""

    rendering_as: dict[str, str]
    supervisor_as: dict[str, str] | None
    label: str


def snapshots(written: Written, *, code: ServiceCode, rendering: User, note: Note | None) -> Snapshots:
    """`rendering_as`, `supervisor_as` and `label` as on the day of the signature; of a drug, of its order."""
    moment = _signed_at(written.session, rendering, note)
    supervisor = None
    if note is not None and note.cosigner is not None and note.author_id == rendering.pk:
        supervisor = clinician_then(note.cosigner, note.cosigned_at or moment)
    return {
        "rendering_as": clinician_then(rendering, moment),
        "supervisor_as": supervisor,
        "label": codes.label_as_of(code, moment),
    }


def clinician_then(user: User, moment: datetime) -> dict[str, str]:
    """A clinician's name, credentials and license as they were; their NPI is theirs for life, so today's is right.

    Who signed alone was licensed: a license that was entered only afterwards was there that day.
    """
    then = staff_as_of(user, moment)
    told = rules.clinician_as(then, npi=user.npi)
    if told["license"] or then.needs_cosign:
        return told
    return told | {"license": rules.clinician_as(user, npi=user.npi)["license"]}


def _signed_at(session: Session, rendering: User, note: Note | None) -> datetime:
    if note is not None:
        own = note.signed_at if note.author_id == rendering.pk else note.cosigned_at
        return own or note.updated_at
    ordered: datetime | None = (
        dosing.standing_doses(session_id=session.pk).values_list("order__created_at", flat=True).first()
    )
    return ordered or session.completed_at or session.starts_at
