"""Totals on the axis of the doses, and what is due around each dose, against a plain reference."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from programs import policy
from screening.rules import instruments
from screening.rules.outcomes import (
    Cuts,
    Dose,
    Taken,
    Total,
    Verdict,
    Wanted,
    cuts_of,
    judge,
    measures_due,
    outcomes_of,
)

DENVER = ZoneInfo("America/Denver")
DOSED = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)  # 09:00 in Denver
PHQ9 = cuts_of("phq9", policy.LIMITS)
DAY = timedelta(days=1)


def totals(*rows: tuple[float, int]) -> list[Total]:
    return [Total(uuid4(), DOSED + days * DAY, total) for days, total in rows]


def told(
    rows: list[Total], *doses: float, cuts: Cuts = PHQ9
) -> tuple[int | None, Verdict, list[tuple[object, ...]]]:
    given_doses = [Dose(number, DOSED + days * DAY) for number, days in enumerate(doses, start=1)]
    found = outcomes_of(rows, given_doses, cuts=cuts, zone=DENVER)
    axis: list[tuple[object, ...]] = [(row.dose_number, row.days_since_dose) for row in found.points]
    return (found.baseline.total if found.baseline else None), found.verdict, axis


def test_the_last_total_before_dose_1_is_what_all_is_held_against() -> None:
    baseline, verdict, axis = told(totals((-20, 22), (-1, 18), (1, 12), (8, 9)), 0, 7)
    assert baseline == 18
    assert verdict == Verdict(response=True, remission=False, worsening=False, change=-9, meaningful=True)
    assert axis == [(None, None), (None, None), (1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (18, 10, Verdict(False, False, False, -8, True)),
        (18, 9, Verdict(True, False, False, -9, True)),  # half of it, to the point
        (17, 9, Verdict(False, False, False, -8, True)),  # 8 of 17 is less than half
        (8, 4, Verdict(True, True, False, -4, False)),
        (6, 5, Verdict(False, False, False, -1, False)),
        (10, 14, Verdict(False, False, False, 4, False)),
        (10, 15, Verdict(False, False, True, 5, True)),
        (0, 0, Verdict(None, True, False, 0, False)),  # nothing that could be halved
        (None, 3, Verdict()),
        (18, None, Verdict()),
    ],
)
def test_response_remission_and_change_of_a_phq_9(before, after, verdict: Verdict) -> None:
    assert judge(after, baseline=before, cuts=PHQ9) == verdict


def test_without_a_baseline_nothing_is_said_and_nothing_is_zero() -> None:
    baseline, verdict, axis = told(totals((1, 12), (3, 4)), 0)
    assert (baseline, verdict, axis) == (None, Verdict(), [(1, 1), (1, 3)])
    assert told([], 0)[:2] == (None, Verdict())
    assert told(totals((-3, 14)))[:2] == (14, Verdict())  # no dose yet: so far


def test_other_instruments_have_the_cuts_that_the_protocol_names() -> None:
    assert cuts_of("gad7", policy.LIMITS) == Cuts()
    assert judge(4, baseline=14, cuts=cuts_of("gad7", policy.LIMITS)) == Verdict(change=-10)
    assert cuts_of("pcl5", policy.LIMITS) == Cuts(change=10, worsening=10)
    strict = policy.LIMITS | {"outcomes": {"phq9": {"remission_below": 3}}, "phq9_worsening": 2}
    assert cuts_of("phq9", strict) == Cuts(remission_below=3, worsening=2)
    assert cuts_of("phq9", {}) == PHQ9  # a protocol that was approved before there were any
    assert set(policy.LIMITS["outcomes"]) <= set(policy.MEASURED)


def test_what_a_protocol_may_ask_for_is_what_is_kept_here() -> None:
    assert set(policy.MEASURED) == set(instruments.INSTRUMENTS)


def test_days_are_those_of_the_clinics_calendar_also_over_a_clock_change() -> None:
    evening = datetime(2026, 3, 7, 23, 0, tzinfo=UTC)  # 16:00 on Saturday; the clock changes on Sunday
    morning = datetime(2026, 3, 8, 6, 59, tzinfo=UTC)  # 23:59 on Saturday
    rows = [Total(uuid4(), moment, 5) for moment in (morning, morning + timedelta(minutes=1))]
    found = outcomes_of(rows, [Dose(1, evening)], cuts=PHQ9, zone=DENVER)
    assert [row.days_since_dose for row in found.points] == [0, 1]
    (due,) = due_of([], offsets=(1,), doses=(evening,), at=evening)
    assert due.due_at == evening + timedelta(hours=23)  # 16:00 again


moments = st.integers(0, 90 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))


@given(
    taken=st.lists(st.tuples(moments, st.integers(0, 27)), max_size=8),
    dosed=st.lists(moments, max_size=5, unique=True),
)
def test_against_a_plain_reference(taken: list[tuple[datetime, int]], dosed: list[datetime]) -> None:
    taken.sort(key=lambda row: row[0])
    rows = [Total(uuid4(), moment, total) for moment, total in taken]
    found = outcomes_of(rows, [Dose(n, at) for n, at in enumerate(sorted(dosed), 1)], cuts=PHQ9, zone=DENVER)
    first = min(dosed, default=None)
    early = [total for moment, total in taken if first is None or moment < first]
    late = [total for moment, total in taken if first is not None and moment >= first]
    base = early[-1] if early else None
    assert (found.baseline.total if found.baseline else None) == base
    if base is None or not late:
        assert found.verdict == Verdict()
    else:
        now = late[-1]
        assert found.verdict.change == now - base
        assert found.verdict.response is ((now / base <= 0.5) if base else None)
        assert found.verdict.remission is (now in range(5))
        assert found.verdict.worsening is (now >= base + 5)
    for (moment, _), point in zip(taken, found.points, strict=True):
        before = [at for at in dosed if at <= moment]
        assert point.dose_number == (len(before) or None)
        days = (local(moment) - local(max(before))).days if before else None
        assert point.days_since_dose == days


def local(moment: datetime) -> date:
    return moment.astimezone(DENVER).date()


# --- what is due ----------------------------------------------------------------------------------------------------


def due_of(taken, *, offsets=(-1, 1, 3, 7), doses=(DOSED,), at=DOSED, over=False):
    return measures_due(
        [Wanted("phq9", tuple(offsets))],
        [Dose(number, moment) for number, moment in enumerate(doses, start=1)],
        [Taken(pk, "phq9", moment) for pk, moment in taken],
        zone=DENVER,
        keep=timedelta(days=7),
        over=over,
        at=at,
    )


def states(*days: float, at: float, doses: tuple[float, ...] = (0,), over: bool = False) -> list[str]:
    taken = [(uuid4(), DOSED + day * DAY) for day in days]
    rows = due_of(taken, at=DOSED + at * DAY, doses=[DOSED + day * DAY for day in doses], over=over)
    return [f"{row.dose_number}{(row.due_at - DOSED) / DAY:+g} {row.state}" for row in rows]


def test_four_days_are_asked_for_around_a_dose() -> None:
    assert states(at=-3) == ["1-1 due", "1+1 due", "1+3 due", "1+7 due"]
    assert states(at=-0.3) == ["1-1 late", "1+1 due", "1+3 due", "1+7 due"]  # the evening of its day is over
    assert states(at=0) == ["1-1 skipped", "1+1 due", "1+3 due", "1+7 due"]
    assert states(-0.9, 0.9, 3.2, at=4) == ["1-1 done", "1+1 done", "1+3 done", "1+7 due"]
    assert states(at=1.3) == ["1-1 skipped", "1+1 due", "1+3 due", "1+7 due"]
    assert states(at=1.7) == ["1-1 skipped", "1+1 late", "1+3 due", "1+7 due"]
    assert states(at=2) == ["1-1 skipped", "1+1 skipped", "1+3 due", "1+7 due"]
    assert states(at=13.9) == ["1-1 skipped", "1+1 skipped", "1+3 skipped", "1+7 late"]
    assert states(at=14) == ["1-1 skipped", "1+1 skipped", "1+3 skipped", "1+7 skipped"]


def test_one_measure_answers_the_week_after_a_dose_and_the_day_before_the_next() -> None:
    rows = states(6, at=6.5, doses=(0, 7))
    assert [row for row in rows if row.endswith("done")] == ["2+6 done", "1+7 done"]
    assert "1+7 skipped" in states(at=4.5, doses=(0, 4))  # the next dose comes first
    assert "1+7 due" in states(at=4.5, doses=(0, 8))  # and it moves


def test_of_two_the_nearer_one_answers_and_what_is_over_is_not_asked() -> None:
    near, far = uuid4(), uuid4()
    rows = due_of([(far, DOSED + DAY / 4), (near, DOSED + 1.1 * DAY)], at=DOSED + 2 * DAY)
    assert [row.measure for row in rows] == [None, near, None, None]
    assert states(1, at=1.5, over=True) == ["1-1 skipped", "1+1 done", "1+3 skipped", "1+7 skipped"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a machine that does much else
@given(
    offsets=st.lists(st.integers(-10, 20), min_size=1, max_size=5, unique=True),
    dosed=st.lists(moments, max_size=4, unique=True),
    taken=st.lists(moments, max_size=6),
    at=moments,
)
def test_every_day_is_asked_once_and_answered_on_its_own_side_of_the_dose(
    offsets: list[int], dosed: list[datetime], taken: list[datetime], at: datetime
) -> None:
    dosed.sort()
    by_id: dict[UUID, datetime] = {uuid4(): moment for moment in taken}
    rows = due_of(list(by_id.items()), offsets=sorted(offsets), doses=dosed, at=at)
    expected = sorted((n, offset) for n in range(1, len(dosed) + 1) for offset in offsets)
    seen = sorted(
        (row.dose_number, (local(row.due_at) - local(dosed[row.dose_number - 1])).days) for row in rows
    )
    assert seen == expected
    assert [row.due_at for row in rows] == sorted(row.due_at for row in rows)
    for row in rows:
        dose = dosed[row.dose_number - 1]
        earlier, later = [m for m in dosed if m < dose], [m for m in dosed if m > dose]
        assert (row.state == "done") is (row.measure is not None)
        if row.measure is not None:
            moment = by_id[row.measure]
            offset = (local(row.due_at) - local(dose)).days
            assert (moment < dose) is (offset < 0)
            assert not earlier or moment >= earlier[-1]
            assert not later or moment < later[0]
            same_side = [
                one
                for one in rows
                if one.dose_number == row.dose_number and (one.due_at < dose) is (offset < 0)
            ]
            assert all(abs(moment - row.due_at) <= abs(moment - one.due_at) for one in same_side)
        elif row.state == "due":
            assert local(at) <= local(row.due_at)
        elif row.state == "late":
            assert local(at) > local(row.due_at)
