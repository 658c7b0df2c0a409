"""reports/outcomes/: response and remission by dose are what a plain count of the totals comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from kapclinic.core import clock
from programs.models import Program
from screening.models import Measure
from screening.rules.outcomes import Dose
from sessions.reports.selectors import outcomes as selectors
from tests import cast as people
from tests.asking import done, events, refused
from tests.cast import MONDAY, Cast
from tests.sessions.reports.drawn import DAY, FIRST, LAST, MOUNTAIN, hidden, is_of_period, middle, share

NOW = MONDAY + 12 * DAY


def report(cast: Cast, who: str = "director", **query: Any) -> dict[str, Any]:
    query = {"from": FIRST.isoformat(), "to": LAST.isoformat(), "page_size": 200} | query
    with clock.fixed(NOW):
        return done(cast.desk(who).get("reports/outcomes/", **query), 200)


def took(cast: Cast, program: Program, total: int | None, at: datetime, **more: Any) -> Measure:
    values = {
        "program": program,
        "instrument": "phq9",
        "form": "",
        "answers": [],
        "total": total,
        "band": "some",
        "language": "en",
        "administered_by": "self",
        "taken_at": at,
    }
    return Measure(**values | more).insert_by(cast.np, at=at)


# --- by hand: no word of the code that is judged ----------------------------------------------------------------------

Course = tuple[list[tuple[int, datetime]], list[tuple[datetime, int, str]]]  # doses, totals


def rows_by_hand(course: Course) -> Iterator[dict[str, Any]]:
    doses, totals = course
    before = [total for at, total, _ in totals if not doses or at < doses[0][1]]
    baseline = before[-1] if before else None
    for place, (number, given) in enumerate(doses):
        until = doses[place + 1][1] if place + 1 < len(doses) else datetime.max.replace(tzinfo=given.tzinfo)
        after = [row for row in totals if given <= row[0] < until and (row[0] + MOUNTAIN).date() <= LAST]
        if not after or not is_of_period(after[-1][0]):
            continue
        at, total, pk = after[-1]
        told: dict[str, Any] = dict.fromkeys(("response", "remission", "worsening", "change"))
        if baseline is not None:
            told = {
                "response": None if baseline == 0 else total <= baseline / 2,
                "remission": total < 5,
                "worsening": total - baseline >= 5,
                "change": total - baseline,
            }
        yield {"measure": pk, "dose_number": number, "total": total, "baseline": baseline, "at": at} | told


def figures_by_hand(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    known = [row for row in rows if row["baseline"] is not None]
    told: dict[str, Any] = {}
    for name in ("response", "remission", "worsening"):
        judged = [row for row in known if row[name] is not None]
        yes = [row for row in judged if row[name]]
        told[name], told[f"{name}_percent"] = len(yes), share(len(yes), len(judged))
    still = [row for row in known if True not in (row["response"], row["remission"], row["worsening"])]
    told |= {"unchanged": len(still), "median_change": middle([row["change"] for row in known])}
    return {"clients": len(rows), "measured": len(known)} | hidden(told, len(known))


def course_at_random(cast: Cast, program: Program, random: Random) -> Course:
    at = MONDAY + timedelta(days=random.randrange(-9, 4), minutes=random.randrange(600))
    doses, totals = [], []
    for number in range(1, random.randrange(1, 6)):
        doses.append((number, at))
        at += timedelta(hours=random.randrange(36, 96))
    for _ in range(random.choice((0, 6, 12, 18))):
        when, total = (
            MONDAY + timedelta(minutes=random.randrange(-16 * 1440, 12 * 1440)),
            random.randrange(28),
        )
        totals.append((when, total, str(took(cast, program, total, when).pk)))
    return doses, sorted(totals)


@pytest.mark.parametrize("seed", [1, 2])
def test_outcomes_by_dose_are_what_a_plain_count_comes_to(
    cast: Cast, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    courses: dict[UUID, Course] = {}
    protocol = people.opened_program(cast).protocol
    for _ in range(24):
        who = people.client(cast.north, by=cast.frontdesk)
        program = people.opened_program(cast, protocol=protocol, who=who)
        courses[program.pk] = course_at_random(cast, program, random)
    given = {pk: [Dose(number, at) for number, at in doses] for pk, (doses, _) in courses.items()}
    monkeypatch.setattr(selectors, "doses_of", lambda programs: given)
    found = report(cast)
    expected = [row for course in courses.values() for row in rows_by_hand(course)]
    assert len(expected) > 12
    names = ("measure", "dose_number", "total", "baseline", "change", "response", "remission", "worsening")
    assert {row["measure"]: {name: row[name] for name in names} for row in found["rows"]} == {
        row["measure"]: {name: row[name] for name in names} for row in expected
    }
    groups = {number: [row for row in expected if row["dose_number"] == number] for number in range(1, 5)}
    assert found["groups"] == [
        {"dose_number": number} | figures_by_hand(rows) for number, rows in groups.items() if rows
    ]
    assert {group["response"] is None for group in found["groups"]} == {
        True,
        False,
    }  # large ones and small ones
    newest = [
        max(mine, key=lambda row: row["at"])
        for course in courses.values()
        if (mine := list(rows_by_hand(course)))
    ]
    assert found["totals"] == figures_by_hand(newest)


def test_a_dose_and_what_was_asked_after_it(cast: Cast, django_assert_max_num_queries: Any) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session)
    program = session.program
    took(cast, program, 18, MONDAY - DAY)
    last = took(cast, program, 8, MONDAY + 2 * DAY)
    took(cast, program, None, MONDAY + 3 * DAY, flags=["incomplete"])
    took(cast, program, 3, MONDAY + 3 * DAY, instrument="gad7")
    report(cast)  # signs in
    with django_assert_max_num_queries(5):  # who asks, courses, totals, doses, the event of the log
        found = report(cast)
    (row,) = found["rows"]
    assert (row["measure"], row["dose_number"], row["client"]) == (str(last.pk), 1, str(program.client_id))
    assert (row["total"], row["baseline"], row["change"], row["response"]) == (8, 18, -10, True)
    assert (row["remission"], row["worsening"]) == (False, False)
    assert row["hours"] > 40
    (group,) = found["groups"]
    assert (group["clients"], group["measured"], group["response"]) == (
        1,
        1,
        None,
    )  # of one client: no figure
    assert found["instrument"] == "phq9"
    assert events("outcomes_report.report")[-1] == (cast.director.pk, "ok", [program.client_id])
    assert report(cast, instrument="gad7")["rows"][0]["baseline"] is None
    assert report(cast, location=cast.south.pk)["rows"] == []
    assert report(cast, to=FIRST.isoformat())["rows"] == []


def test_outcomes_are_the_directors(cast: Cast) -> None:
    for who in ("np", "therapist", "prescriber", "frontdesk", "billing", "admin"):
        assert cast.desk(who).get("reports/outcomes/").status_code == 403
    with clock.fixed(NOW):
        refused(
            cast.desk("director").get("reports/outcomes/", instrument="cssrs"), 400, "invalid", "/instrument"
        )
