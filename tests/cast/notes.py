"""Notes that their authors signed with their passwords, and sessions that are written up so."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from kapclinic.core import clock
from kapclinic.practice import doors
from kapclinic.practice import services as practice
from kapclinic.practice.models import User
from programs.models import Program
from sessions.booking.models import Session
from sessions.course import services as course
from sessions.drugs.models import DrugLot
from sessions.notes import services as notes
from sessions.notes.models import Note
from sessions.visits import services as visits
from tests.cast.dosing import STAY, completed_dose, give, over, ready_dose, sent_home, written_order
from tests.cast.people import PASSWORD, Cast
from tests.cast.programs import approved_protocol, opened_program
from tests.cast.screening import cleared_program
from tests.cast.sessions import completed_session, team
from tests.cast.ways import IM, lot_of, weighed
from tests.replay import taped

TEAM = ("np", "therapist", "prescriber")


def _confirmed(who: User) -> bool:
    return doors.confirm_password(user=who, password=PASSWORD, at=clock.now())


@taped
def written_note(session: Session, *, by: User) -> Note:
    """A draft."""
    words = {"frame": "free", "sections": {"text": "said privately"}}
    return notes.write_note(session_id=session.pk, kind=session.kind, **words, by=by, at=clock.now())


@taped
def signed_note(session: Session, *, by: User) -> Note:
    """Signed by its author; a pre-licensed author's waits for a second signature."""
    note = written_note(session, by=by)
    return notes.sign_note(note_id=note.pk, confirmed=_confirmed(by), by=by, at=clock.now())


@taped
def cosigned_note(session: Session, *, by: User, cosigner: User) -> Note:
    """Signed by a pre-licensed author, and by a licensed colleague."""
    note = signed_note(session, by=by)
    return notes.cosign_note(note_id=note.pk, confirmed=_confirmed(cosigner), by=cosigner, at=clock.now())


@taped
def signed_session(
    cast: Cast, program: Program | None = None, *, starts_at: datetime, **more: Any
) -> Session:
    """A session, no dose, that took place and is written up; without `program` in one that is cleared."""
    program = program or cleared_program(cast)
    session = completed_session(cast, program, starts_at=starts_at, **more)
    with clock.fixed(session.ends_at):
        signed_note(session, by=User.objects.get(pk=session.staff[0]["user"]))
    return session


@taped
def signed_dose(cast: Cast, program: Program | None = None, *, starts_at: datetime) -> Session:
    """A dose by nurse, therapist and prescriber: the client went home, and each of them signed a note."""
    program = program or cleared_program(cast)
    with clock.fixed(starts_at):
        session = completed_dose(cast, program, staff=team(cast, *TEAM))
    with clock.fixed(starts_at + timedelta(hours=3)):
        for who in TEAM:
            signed_note(session, by=cast.people[who])
    return session


@taped
def signed_stock_dose(
    cast: Cast, route: str, *, starts_at: datetime, minutes: int = 0, signed: tuple[str, ...] = TEAM
) -> Session:
    """40 mg from the clinic's safe, injected or infused (for so many minutes), with the notes of those who `signed`."""
    people = {"staff": team(cast, *TEAM)}
    with clock.fixed(starts_at):
        session = weighed(cast, {"route": route, "min_preparations": 0}, **people)
        drawn = {"supply": "clinic_stock", "drug_lot": lot_of(cast).pk, "dose_mg": Decimal(40)}
        given = {"drawn_mg": Decimal(40), "given_mg": Decimal(40), "wasted_mg": Decimal(0)}
        ended_at = starts_at + timedelta(minutes=minutes)
    with clock.fixed(ended_at):
        ends = {"ended_at": ended_at} if minutes else {}
        give(cast, session, **drawn, **given, **ends, administered_at=starts_at)
        session.refresh_from_db()
    home = sent_home(cast, session, dosed_at=ended_at)
    session = over(cast, home, at=ended_at + STAY)
    with clock.fixed(ended_at + STAY):
        for who in signed:
            signed_note(session, by=cast.people[who])
    return session


@taped
def signed_injection(
    cast: Cast, program: Program | None = None, *, starts_at: datetime, lot: DrugLot | None = None
) -> Session:
    """40 mg into the muscle from North's safe: the client went home, and nurse and prescriber have signed."""
    with clock.fixed(starts_at):
        edition = approved_protocol(cast, name="By weight into the muscle", **IM) if program is None else None
        program = program or cleared_program(cast, protocol=edition)
        staff = team(cast, "np", "therapist", "prescriber")
        session = ready_dose(cast, program, without=("order",), staff=staff)
        visits.change(session=session, values={"weight_kg": Decimal(80)}, by=cast.np, at=clock.now())
        written_order(cast, session, dose_mg=Decimal(40), max_total_mg=Decimal(80))
        drawn = {"supply": "clinic_stock", "drug_lot": (lot or lot_of(cast)).pk}
        give(cast, session, dose_mg=Decimal(40), **drawn)
        sent_home(cast, session, dosed_at=clock.now())
    with clock.fixed(starts_at + STAY):
        visits.complete(session_id=session.pk, by=cast.np, moment=clock.now(), at=clock.now())
    with clock.fixed(starts_at + timedelta(hours=3)):
        signed_note(session, by=cast.np)
    session.refresh_from_db()
    return session


@taped
def session_at_south(cast: Cast, program: Program, *, starts_at: datetime) -> Session:
    """A session at South, whose therapist took the client over from `program`; it took place and is written up."""
    course.discontinue(program_id=program.pk, reason="Moved south", by=cast.therapist, at=clock.now())
    south = {"locations": [cast.south.pk]}
    practice.save_client(client=program.client, values=south, by=cast.south_frontdesk, at=clock.now())
    theirs = opened_program(
        cast,
        protocol=program.protocol,
        who=program.client,
        by=cast.south_frontdesk,
        location=cast.south.pk,
        therapist=cast.south_therapist.pk,
        prescriber=cast.south_prescriber.pk,
    )
    more = {"who": ("south_therapist",), "room": cast.cedar.pk, "by": cast.south_frontdesk}
    return signed_session(cast, theirs, starts_at=starts_at, **more)
