"""Many desks at once: one slot goes to one of them, the others hear who has it, and nobody gets an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.practice import services as practice
from sessions.booking.models import Session
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
            told = {(one["resource"], one["session"], one["starts_at"]) for one in loser["conflicts"]}
            held = (str(cast.aspen.pk), str(cast.therapist.pk))
            assert told == {(resource, winner["id"], moment(start)) for resource in held}
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
        for loser in track.bodies(409):
            assert loser["code"] == "resource_conflict"
            assert {one["session"] for one in loser["conflicts"]} == {winner["id"]}
            assert {one["kind"] for one in loser["conflicts"]} == {"room", "staff"}
        after = {str(session.pk): session.starts_at for session in Session.objects.all()}
        assert after == before | {winner["id"]: start}
        assert desk.overlaps() == 0
        assert desk.orphans() == []


@pytest.mark.django_db(transaction=True)
def test_swaps_of_the_same_sessions_at_once_all_happen_and_none_deadlocks(cast: Cast, track: Track) -> None:
    """Each desk names the pair the other way round. Three swaps end where one would; nobody is refused."""
    front, programs = cast.desk("frontdesk"), desk.programs_of(cast, 2)
    starts = [TUESDAY, TUESDAY + HOUR]
    for round_ in range(ROUNDS):
        pair = [
            front.must("sessions/", body(cast, program, start=start + timedelta(days=round_)))["id"]
            for program, start in zip(programs, starts, strict=True)
        ]
        ways = [dict(zip(("first", "second"), pair[::turn], strict=True)) for turn in (1, -1, 1)]
        work = [track.posting("session-swaps/", way | {"reason": "They asked"}) for way in ways]
        assert track.run(*work) == {200: 3}, track.answers
        now = {str(session.pk): session.starts_at for session in Session.objects.filter(pk__in=pair)}
        assert [now[pk] for pk in pair] == [start + timedelta(days=round_) for start in reversed(starts)]
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


@pytest.mark.django_db(transaction=True)
def test_of_two_desks_that_saw_the_same_time_one_moves_it(cast: Cast, track: Track) -> None:
    """The other is told, rather than taking the session away from where the first has just put it."""
    session = cast.desk("frontdesk").must("sessions/", body(cast, people.opened_program(cast)))

    def move(days: int) -> Callable[[], None]:
        there = {name: later(session[name], days) for name in ("starts_at", "ends_at")}
        headers = {
            "HTTP_AUTHORIZATION": f"Token {track.secret}",
            "HTTP_IF_MATCH": f'"{session["version"]}"',
            "HTTP_IDEMPOTENCY_KEY": f"move-{days}",
        }

        def run() -> None:
            client = APIClient(raise_request_exception=False)
            with clock.fixed(MONDAY):
                path = f"/api/v1/sessions/{session['id']}/reschedule/"
                answer = client.post(path, there | {"reason": "They called."}, format="json", **headers)
            track.answers.append((answer.status_code, answer.json()))

        return run

    assert track.run(*(move(days) for days in range(1, 5))) == {200: 1, 412: 3}
    (moved,) = track.bodies(200)
    stands = Session.objects.get(pk=session["id"])
    assert (stands.version, stands.starts_at) == (2, datetime.fromisoformat(moved["starts_at"]))


def later(moment: str, days: int) -> str:
    return (datetime.fromisoformat(moment) + timedelta(days=days)).isoformat()
