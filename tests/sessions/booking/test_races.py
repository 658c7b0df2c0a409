"""Many desks at once: one slot goes to one of them, the others hear who has it, and nobody gets an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.core.errors import ClinicError
from kapclinic.practice import services as practice
from programs.models import Program
from sessions.booking.models import Session
from sessions.booking.services import Ask
from sessions.day import moving
from sessions.day import services as day
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.racing import race
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, body, row

HOUR = timedelta(hours=1)
RACERS, MOVERS, ROUNDS = 24, 12, 3


@dataclass
class Track:
    """Answers of everybody who raced."""

    secret: str
    answers: list[tuple[int, Any]]

    def posting(self, path: str, wanted: dict[str, Any]) -> Callable[[], None]:
        """A POST by a client of its own, on a connection of its own, at the tests' fixed time."""

        def post() -> None:
            client = APIClient(raise_request_exception=False)
            client.credentials(HTTP_AUTHORIZATION=f"Token {self.secret}")
            with clock.fixed(MONDAY):
                answer = client.post(f"/api/v1/{path}", wanted, format="json")
            self.answers.append((answer.status_code, answer.json()))

        return post

    def run(self, *work: Callable[[], None]) -> Counter[int]:
        self.answers.clear()
        assert race(*work) == []
        return Counter(status for status, _ in self.answers)

    def bodies(self, status: int) -> list[Any]:
        return [answer for code, answer in self.answers if code == status]


@pytest.fixture
def track(cast: Cast) -> Track:
    return Track(practice.issue_token(user=cast.frontdesk, name="race", at=clock.now())[1], [])


@pytest.mark.django_db(transaction=True)
def test_one_slot_goes_to_one_of_many_desks(cast: Cast, track: Track) -> None:
    programs = desk.programs_of(cast, RACERS)
    for round_ in range(ROUNDS):
        start = TUESDAY + timedelta(days=round_)
        work = [track.posting("sessions/", body(cast, program, start=start)) for program in programs]
        assert track.run(*work) == {201: 1, 409: RACERS - 1}
        (winner,) = track.bodies(201)
        for loser in track.bodies(409):
            assert loser["code"] == "resource_conflict"
            assert {conflict["session"] for conflict in loser["conflicts"]} == {winner["id"]}
        assert Session.objects.filter(starts_at=start).count() == 1
    assert desk.overlaps() == 0
    assert desk.orphans() == []


@pytest.mark.django_db(transaction=True)
def test_one_slot_goes_to_one_of_many_who_move(cast: Cast, track: Track) -> None:
    programs = desk.programs_of(cast, MOVERS)
    starts = [TUESDAY + timedelta(days=n % 6) + (n // 6) * HOUR for n in range(MOVERS)]
    made = [
        cast.desk("frontdesk").must("sessions/", body(cast, program, start=start))
        for program, start in zip(programs, starts, strict=True)
    ]
    for round_ in range(ROUNDS):
        before = {str(session.pk): session.starts_at for session in Session.objects.all()}
        start = TUESDAY + timedelta(days=round_, hours=5)
        there = {"starts_at": moment(start), "ends_at": moment(start + HOUR), "reason": "All want this hour"}
        work = [track.posting(f"sessions/{session['id']}/reschedule/", there) for session in made]
        assert track.run(*work) == {200: 1, 409: MOVERS - 1}
        (winner,) = track.bodies(200)
        assert {loser["code"] for loser in track.bodies(409)} == {"resource_conflict"}
        after = {str(session.pk): session.starts_at for session in Session.objects.all()}
        assert after == before | {winner["id"]: start}
        assert desk.overlaps() == 0
        assert desk.orphans() == []


@pytest.mark.django_db(transaction=True)
def test_doses_that_need_each_others_rooms_and_therapists_do_not_lock_each_other_out(
    cast: Cast, track: Track
) -> None:
    """Each dose is staffed by the other's therapist, so each integration to be held needs what the other dose has."""
    cast.np.monitor_capacity = 20
    cast.np.save_by(cast.admin, at=clock.now())
    approved = people.approved_protocol(cast)
    therapists = (cast.therapist, cast.other_therapist)
    programs = [
        people.opened_program(cast, protocol=approved, who=client, therapist=therapists[n % 2].pk)
        for n, client in enumerate(desk.clients_of(cast, 8))
    ]
    for round_ in range(ROUNDS):
        work = []
        for n, program in enumerate(programs):
            staff = [row(therapists[1 - n % 2], "therapist"), row(cast.np, "nurse_practitioner")]
            where = (cast.aspen, cast.birch)[n % 2]
            start = TUESDAY + timedelta(days=10 * round_ + n // 4 * 5) + 3 * (n // 2 % 2) * HOUR
            wanted = body(cast, program, "dosing", start, room=str(where.pk), staff=staff)
            work.append(track.posting("sessions/", wanted))
        assert track.run(*work) == {201: len(programs)}, track.answers
    doses = Session.objects.filter(kind="dosing")
    held = Session.objects.filter(status="held").values_list("for_dose", flat=True)
    assert sorted(held) == sorted(doses.values_list("pk", flat=True))
    assert desk.overlaps() == 0
    assert desk.orphans() == []


@pytest.mark.django_db(transaction=True)
def test_moving_and_cancelling_one_session_at_once_leaves_it_whole(cast: Cast, track: Track) -> None:
    programs = desk.programs_of(cast, ROUNDS)
    for program in programs:
        session = cast.desk("frontdesk").must("sessions/", body(cast, program, "dosing"))
        path = f"sessions/{session['id']}"
        there = {
            "starts_at": moment(TUESDAY + 4 * HOUR),
            "ends_at": moment(TUESDAY + 7 * HOUR),
            "reason": "Later",
        }
        moves = [track.posting(f"{path}/reschedule/", there) for _ in range(4)]
        ends = [track.posting(f"{path}/cancel/", {"reason": "Ill"}) for _ in range(4)]
        statuses = track.run(*moves, *ends)
        assert set(statuses) == {200, 409}
        assert {answer["code"] for answer in track.bodies(409)} == {"illegal_transition"}
        assert Session.objects.get(pk=session["id"]).status == "cancelled"
        assert desk.live(session) == set()
        assert desk.orphans() == []


@pytest.mark.django_db(transaction=True)
def test_two_desks_cannot_overwrite_each_others_notes(cast: Cast, track: Track) -> None:
    """Both read the same version; one of them must read it again."""
    session = cast.desk("frontdesk").must("sessions/", body(cast, people.opened_program(cast)))
    for version in range(1, 4):

        def patch(n: int, version: int = version) -> Callable[[], None]:
            def run() -> None:
                client = APIClient(raise_request_exception=False)
                headers = {"HTTP_AUTHORIZATION": f"Token {track.secret}", "HTTP_IF_MATCH": f'"{version}"'}
                escort = {"escort": {"name": f"Alex {n}", "phone": "303-555-0177"}}
                with clock.fixed(MONDAY):
                    answer = client.patch(
                        f"/api/v1/sessions/{session['id']}/", escort, format="json", **headers
                    )
                track.answers.append((answer.status_code, answer.json()))

            return run

        assert track.run(*(patch(n) for n in range(8))) == {200: 1, 412: 7}
        (winner,) = track.bodies(200)
        assert Session.objects.get(pk=session["id"]).escort == winner["escort"]


# --- any sequence ----------------------------------------------------------------------------------------

KINDS = ("preparation", "dosing", "medical")
STEP = st.tuples(
    st.sampled_from(["book", "book", "move", "cancel"]),
    st.integers(0, 1),  # whose
    st.sampled_from(KINDS),
    st.integers(0, 11),  # which quarter of the morning
    st.integers(0, 1),  # which room
    st.integers(0, 1),  # which therapist
)


@dataclass
class Floor:
    """Two programs, two rooms, two therapists."""

    cast: Cast
    programs: list[Program]

    def refuses(self, step: tuple[Any, ...]) -> bool:
        """Act, and say whether it was refused as the API would (400 or 409)."""
        try:
            with transaction.atomic():
                self.act(step)
        except ClinicError as refusal:
            if refusal.status not in {400, 409}:
                raise
            return True
        return False

    def act(self, step: tuple[Any, ...]) -> None:
        """One step, as the service does it.

        :raises ClinicError: when it is refused
        """
        do, whose, kind, quarter, where, who = step
        by, at = self.cast.frontdesk, clock.now()
        start = TUESDAY + timedelta(minutes=15 * quarter)
        standing = Session.objects.filter(program=self.programs[whose], status__in=["held", "scheduled"])
        session = standing.order_by("created_at", "pk").last()
        if do == "book":
            day.book(
                program_id=self.programs[whose].pk,
                ask=self._ask(kind, start, where, who),
                obligation_id=None,
                by=by,
                at=at,
            )
        elif session is not None and do == "move":
            ask = self._ask(session.kind, start, where, who)
            values = {
                "starts_at": start,
                "ends_at": start + (session.ends_at - session.starts_at),
                "room": ask.room,
                "staff": ask.staff,
                "reason": "Moved",
            }
            moving.reschedule(session_id=session.pk, values=values, by=by, at=at)
        elif session is not None:
            day.end(session_id=session.pk, move="cancel", reason="Cancelled", by=by, at=at)

    def _ask(self, kind: str, start: datetime, where: int, who: int) -> Ask:
        therapist = (self.cast.therapist, self.cast.other_therapist)[who]
        staff = [{"user": therapist.pk, "role": "therapist"}]
        if kind == "medical":
            staff = [{"user": self.cast.prescriber.pk, "role": "prescriber"}]
        if kind == "dosing":
            staff.append({"user": self.cast.np.pk, "role": "nurse_practitioner"})
        minutes = desk.LENGTHS[kind]
        room = (self.cast.aspen, self.cast.birch)[where].pk
        return Ask(kind, "in_person", start, start + timedelta(minutes=minutes), room, staff)


@pytest.fixture
def floor(cast: Cast) -> Iterator[Floor]:
    cast.np.monitor_capacity = 2
    cast.np.save_by(cast.admin, at=clock.now())
    return Floor(cast, desk.programs_of(cast, 2))


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sequence=st.lists(STEP, min_size=3, max_size=12))
def test_no_sequence_of_bookings_moves_and_cancellations_holds_a_thing_twice_or_for_nobody(
    floor: Floor, sequence: list[tuple[Any, ...]]
) -> None:
    with transaction.atomic():
        for step in sequence:
            before = desk.book_of_sessions()
            refused = floor.refuses(step)
            assert not refused or desk.book_of_sessions() == before
            assert desk.overlaps() == 0
            assert desk.orphans() == []
        transaction.set_rollback(True)
