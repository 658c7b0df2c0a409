"""A program's measures over the API: which are due around its doses, and whether the client gets better."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.trail.models import AuditEvent
from programs.models import Program, Protocol
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from tests import cast as people
from tests.asking import pointers
from tests.cast import MONDAY, Cast

DAY = timedelta(days=1)
BODY = {"name": "Short course", "program_type": "kap", "route": "sublingual"}


@pytest.fixture
def program(cast: Cast) -> Program:
    return people.opened_program(cast)


@pytest.fixture
def dosed(cast: Cast) -> Session:
    """A first dose on Monday, of a protocol that asks for a PHQ-9 around each."""
    session = people.ready_dose(cast)
    people.give(cast, session)
    return session


def take(cast: Cast, program: Program, total: int, at: datetime, **more: Any) -> str:
    """A PHQ-9 of this total, at most 24, written down a moment later."""
    answers = [min(3, max(0, total - 3 * item)) for item in range(8)] + [0]
    body = {"program": str(program.pk), "instrument": "phq9", "administered_by": "self"}
    with clock.fixed(max(at + timedelta(minutes=1), clock.now())):
        got = cast.desk("np").must(
            "measures/", body | {"answers": answers, "taken_at": at.isoformat()} | more
        )
    return str(got["id"])


def outcomes(
    cast: Cast, program: Program, instrument: str = "phq9", who: str = "therapist"
) -> dict[str, Any]:
    answer = cast.desk(who).get(f"programs/{program.pk}/outcomes/?instrument={instrument}")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def due(cast: Cast, program: Program, at: datetime) -> list[dict[str, Any]]:
    with clock.fixed(at):
        answer = cast.desk("np").get(f"programs/{program.pk}/measures-due/")
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


def test_a_client_gets_better_from_dose_to_dose(cast: Cast, dosed: Session) -> None:
    program = dosed.program
    baseline = take(cast, program, 18, MONDAY - DAY)
    take(cast, program, 20, MONDAY - 3 * DAY)  # written down later, taken before
    first = take(cast, program, 10, MONDAY + DAY)
    got = outcomes(cast, program)
    assert (got["instrument"], got["baseline"], got["baseline_measure"]) == ("phq9", 18, baseline)
    assert [(row["total"], row["dose_number"], row["days_since_dose"]) for row in got["points"]] == [
        (20, None, None),
        (18, None, None),
        (10, 1, 1),
    ]
    point = got["points"][-1]
    assert (point["measure"], point["band"], point["taken_at"]) == (first, "moderate", "2026-05-05T15:00:00Z")
    said = {name: got[name] for name in ("response", "remission", "worsening", "change", "meaningful")}
    assert said == {
        "response": False,
        "remission": False,
        "worsening": False,
        "change": -8,
        "meaningful": True,
    }
    take(cast, program, 4, MONDAY + 3 * DAY)
    got = outcomes(cast, program)
    assert (got["response"], got["remission"], got["change"]) == (True, True, -14)
    assert outcomes(cast, program, "gad7")["points"] == []


def test_without_a_baseline_there_is_null_and_never_zero(cast: Cast, dosed: Session) -> None:
    program = dosed.program
    take(cast, program, 3, MONDAY + DAY)
    take(cast, program, 9, MONDAY - DAY, answers=[1] * 8 + [None])  # incomplete
    voided = take(cast, program, 18, MONDAY - 2 * DAY)
    cast.desk("np").must(f"measures/{voided}/void/", {"reason": "Of another client"})
    got = outcomes(cast, program)
    assert [row["total"] for row in got["points"]] == [3]
    names = ("baseline", "baseline_measure", "response", "remission", "worsening", "change", "meaningful")
    assert {name: got[name] for name in names} == dict.fromkeys(names)


def test_a_dose_that_is_voided_is_no_dose_of_the_axis(cast: Cast, dosed: Session) -> None:
    program = dosed.program
    take(cast, program, 18, MONDAY - DAY)
    take(cast, program, 8, MONDAY + DAY)
    dose = Administration.objects.get()
    path = f"sessions/{dosed.pk}/administrations/{dose.pk}/void/"
    cast.desk("prescriber").must(path, {"reason": "Written on the wrong client"})
    got = outcomes(cast, program)
    assert (got["baseline"], got["response"], got["change"]) == (8, None, None)
    assert [row["dose_number"] for row in got["points"]] == [None, None]


def test_the_last_total_of_the_course_before_is_the_baseline_of_the_next(cast: Cast, dosed: Session) -> None:
    program = dosed.program
    earlier = people.opened_program(
        cast, who=people.client(cast.north, by=cast.frontdesk), protocol=program.protocol
    )
    take(cast, earlier, 24, MONDAY - 10 * DAY)
    last = take(cast, earlier, 15, MONDAY - 8 * DAY)
    program.continues = earlier
    program.save_by(cast.np, at=clock.now())
    take(cast, program, 9, MONDAY + DAY)
    got = outcomes(cast, program)
    assert (got["baseline"], got["baseline_measure"], got["change"]) == (15, last, -6)
    assert [row["total"] for row in got["points"]] == [15, 9]
    assert outcomes(cast, earlier)["baseline"] == 15


def test_what_is_due_around_a_dose(cast: Cast, dosed: Session) -> None:
    program = dosed.program
    taken = take(cast, program, 9, MONDAY + 26 * timedelta(hours=1))
    rows = due(cast, program, MONDAY + 5 * DAY)
    assert [(row["due_at"], row["state"]) for row in rows] == [
        ("2026-05-03T15:00:00Z", "skipped"),
        ("2026-05-05T15:00:00Z", "done"),
        ("2026-05-07T15:00:00Z", "skipped"),
        ("2026-05-11T15:00:00Z", "due"),
    ]
    assert {(row["instrument"], row["dose_number"]) for row in rows} == {("phq9", 1)}
    assert [row["measure"] for row in rows] == [None, taken, None, None]
    late = [row["state"] for row in due(cast, program, MONDAY + 8 * DAY)]
    assert late == ["skipped", "done", "skipped", "late"]
    cast.desk("np").must(f"measures/{taken}/void/", {"reason": "Of another client"})
    assert [row["state"] for row in due(cast, program, MONDAY + 1.2 * DAY)][1] == "due"
    cast.desk("np").must(f"programs/{program.pk}/discontinue/", {"reason": "Moved away"})
    assert {row["state"] for row in due(cast, program, MONDAY + 1.2 * DAY)} == {"skipped"}


def test_a_dose_that_is_booked_asks_for_the_day_before_and_one_that_is_cancelled_for_nothing(
    cast: Cast,
) -> None:
    protocol = people.approved_protocol(
        cast,
        name="Asks more",
        measures=[{"instrument": "gad7"}, {"instrument": "madrs", "offsets_days": [7]}],
    )
    program = people.opened_program(cast, protocol=protocol)
    assert due(cast, program, MONDAY) == []
    session = people.booked(cast, program, "dosing", MONDAY + 10 * DAY)
    rows = due(cast, program, MONDAY)
    assert [(row["instrument"], row["due_at"][:10], row["state"]) for row in rows] == [
        ("gad7", "2026-05-13", "due"),
        ("gad7", "2026-05-15", "due"),
        ("gad7", "2026-05-17", "due"),
        ("gad7", "2026-05-21", "due"),
        ("madrs", "2026-05-21", "due"),
    ]
    cast.desk("frontdesk").must(f"sessions/{session.pk}/cancel/", {"reason": "Asked by the client"})
    assert due(cast, program, MONDAY) == []


@pytest.mark.parametrize("path", ["measures-due/", "outcomes/?instrument=phq9"])
def test_outcomes_are_read_by_clinicians_of_the_house_and_each_read_is_logged(
    cast: Cast, program: Program, path: str
) -> None:
    address = f"programs/{program.pk}/{path}"
    for who in ("frontdesk", "billing", "admin"):
        assert cast.desk(who).get(address).status_code == 403
    assert cast.desk("south_prescriber").get(address).status_code == 404
    for who in ("np", "therapist", "prescriber", "director"):
        assert cast.desk(who).get(address).status_code == 200
    rows = AuditEvent.objects.filter(action__in=["program.measures_due", "program.outcomes"], outcome="ok")
    assert {tuple(row.clients) for row in rows} == {(program.client_id,)}
    assert rows.count() == 4


@pytest.mark.parametrize(
    "query", ["", "?instrument=cssrs", "?instrument=bdi", "?instrument=phq9&from=2026-01-01"]
)
def test_an_instrument_without_totals_has_no_outcome(cast: Cast, program: Program, query: str) -> None:
    answer = cast.desk("np").get(f"programs/{program.pk}/outcomes/{query}")
    assert answer.status_code == 400
    assert "points" not in answer.json()


def test_the_number_of_queries_does_not_grow_with_the_measures(
    cast: Cast, dosed: Session, django_assert_max_num_queries: Any
) -> None:
    program = dosed.program
    for n in range(50):
        take(cast, program, n % 20, MONDAY + timedelta(hours=n))
        if n in {0, 49}:
            for path in ("measures-due/", "outcomes/?instrument=phq9"):
                with django_assert_max_num_queries(5):  # one of them writes the audit event
                    answer = cast.desk("np").get(f"programs/{program.pk}/{path}")
                assert answer.status_code == 200
    assert len(outcomes(cast, program)["points"]) == 50


# --- the protocol ---------------------------------------------------------------------------------------------------


def test_a_protocol_says_what_is_asked_around_each_dose(cast: Cast) -> None:
    default = cast.desk("director").must("protocols/", BODY)
    assert default["measures"] == [{"instrument": "phq9", "offsets_days": [-1, 1, 3, 7]}]
    sent = [{"instrument": "pcl5"}, {"instrument": "cadss", "offsets_days": [0, 1]}]
    draft = cast.desk("director").must("protocols/", BODY | {"measures": sent})
    assert draft["measures"] == [
        {"instrument": "pcl5", "offsets_days": [-1, 1, 3, 7]},
        {"instrument": "cadss", "offsets_days": [0, 1]},
    ]
    assert cast.desk("director").must("protocols/", BODY | {"measures": []})["measures"] == []


@pytest.mark.parametrize(
    ("rows", "pointer"),
    [
        ([{"instrument": "bdi"}], "/measures/0/instrument"),
        ([{}], "/measures/0/instrument"),
        ([{"instrument": ["phq9"]}], "/measures/0/instrument"),
        ([{"instrument": "phq9"}, {"instrument": "phq9"}], "/measures/1/instrument"),
        ([{"instrument": "phq9", "offsets_days": []}], "/measures/0/offsets_days"),
        ([{"instrument": "phq9", "offsets_days": [1, -1]}], "/measures/0/offsets_days"),
        ([{"instrument": "phq9", "offsets_days": [1, 1]}], "/measures/0/offsets_days"),
        ([{"instrument": "phq9", "offsets_days": [True]}], "/measures/0/offsets_days"),
        ([{"instrument": "phq9", "offsets_days": [366]}], "/measures/0/offsets_days"),
        ([{"instrument": "phq9", "offsets_days": "1"}], "/measures/0/offsets_days"),
        ([{"instrument": "phq9", "every": 1}], "/measures/0/every"),
        (["phq9"], "/measures/0"),
    ],
)
def test_measures_that_can_not_be_asked_for_are_refused_by_field(
    cast: Cast, rows: list[Any], pointer: str
) -> None:
    answer = cast.desk("director").post("protocols/", BODY | {"measures": rows})
    assert answer.status_code == 400
    assert pointers(answer) == {pointer}
    assert not Protocol.objects.exists()
