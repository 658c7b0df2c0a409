"""Blood pressure at screening against the bands of the protocol."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from programs import policy
from screening.rules.pressure import as_stored, band_of, pressure_errors, pressure_findings

AT = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)


def reading(systolic: int, diastolic: int, *, before: timedelta = timedelta(minutes=30), **more: int):
    return {"systolic": systolic, "diastolic": diastolic, "measured_at": AT - before} | more


ZONE = ZoneInfo("America/Denver")


def findings(*readings, bands=policy.BANDS, earlier=()):
    stored, before = as_stored(readings), as_stored(earlier)
    return pressure_findings(stored, bands=bands, limits=policy.LIMITS, zone=ZONE, at=AT, earlier=before)


def found(*readings, **more):
    """What they say beside that there is but one of them."""
    rows = findings(*readings, **more)
    return {row.code: row.severity for row in rows if row.code != "CV_BP_SINGLE"}


@pytest.mark.parametrize(
    ("systolic", "diastolic", "band"),
    [
        (118, 76, "go"),
        (140, 90, "go"),
        (141, 90, "review"),
        (140, 91, "review"),
        (150, 85, "review"),
        (160, 100, "review"),
        (161, 80, "hold"),
        (138, 101, "hold"),
        (182, 112, "hold"),
    ],
)
def test_the_most_severe_band_on_either_component(systolic: int, diastolic: int, band: str) -> None:
    assert band_of({"systolic": systolic, "diastolic": diastolic}, policy.BANDS["bp"]) == band


def test_beyond_hold_is_relative_since_a_reading_is_no_diagnosis() -> None:
    assert found(reading(138, 101)) == {"CV_UNCONTROLLED_HTN": "relative"}


def test_between_go_and_hold_is_for_information() -> None:
    assert found(reading(150, 85)) == {"CV_BP_ELEVATED": "info"}


def test_a_calm_second_reading_does_not_undo_the_first() -> None:
    assert found(reading(170, 95), reading(120, 80, before=timedelta(minutes=5))) == {
        "CV_UNCONTROLLED_HTN": "relative"
    }


def test_unmeasured_is_unknown() -> None:
    assert found() == {"CV_BP_MISSING": "unknown"}


def test_a_reading_of_last_season_is_as_good_as_none() -> None:
    assert found(reading(118, 76, before=timedelta(days=31))) == {"CV_BP_MISSING": "unknown"}
    assert found(reading(118, 76, before=timedelta(days=29))) == {}


def test_two_pressures_are_wanted() -> None:
    (single,) = findings(reading(118, 76))
    assert (single.code, single.severity) == ("CV_BP_SINGLE", "unknown")
    assert "118/76" in single.evidence
    assert findings(reading(118, 76), reading(120, 78, before=timedelta(minutes=5))) == []
    same = [row.code for row in findings(reading(118, 76), reading(118, 76))]  # written down twice
    assert same == ["CV_BP_SINGLE"]
    old = reading(120, 78, before=timedelta(days=31))
    assert [row.code for row in findings(reading(118, 76), old)] == ["CV_BP_SINGLE"]
    assert [row.code for row in findings(reading(170, 76))] == ["CV_BP_SINGLE", "CV_UNCONTROLLED_HTN"]


@pytest.mark.parametrize(
    ("before", "flags"),
    [
        (timedelta(hours=3), ()),  # 06:00 of the same day in Denver
        (timedelta(hours=9), ()),  # 00:00
        (timedelta(hours=9, minutes=1), ("trend",)),
        (timedelta(days=30), ("trend",)),
        (timedelta(days=30, minutes=1), ()),
    ],
)
def test_beyond_hold_on_two_days_stays_relative_and_is_flagged(before: timedelta, flags: tuple) -> None:
    high, other = reading(170, 95), reading(172, 90, before=before)
    for rows, earlier in (((high, other), ()), ((high,), (other,))):  # also that of another screening
        (row,) = (row for row in findings(*rows, earlier=earlier) if row.code == "CV_UNCONTROLLED_HTN")
        assert (row.severity, row.flags) == ("relative", flags)


def test_a_calm_day_between_makes_no_trend_of_one_day() -> None:
    calm = reading(120, 80, before=timedelta(days=2))
    (row,) = findings(reading(170, 95), calm)
    assert (row.code, row.flags) == ("CV_UNCONTROLLED_HTN", ())
    assert found(calm, reading(120, 80), earlier=[reading(170, 95, before=timedelta(days=1))]) == {}


def test_the_bands_are_the_protocols() -> None:
    strict = {"bp": policy.BANDS["bp"] | {"hold": [130, 85]}}
    assert found(reading(131, 80), bands=strict) == {"CV_UNCONTROLLED_HTN": "relative"}


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        (reading(351, 90), "/blood_pressures/0/systolic"),
        (reading(-1, -2), "/blood_pressures/0/systolic"),
        (reading(340, 301), "/blood_pressures/0/diastolic"),
        (reading(0, 0), "/blood_pressures/0/diastolic"),
        (reading(80, 80), "/blood_pressures/0/diastolic"),
        (reading(80, 120), "/blood_pressures/0/diastolic"),
        (reading(120, 80, heart_rate=351), "/blood_pressures/0/heart_rate"),
        (reading(120, 80, before=timedelta(minutes=-5)), "/blood_pressures/0/measured_at"),
    ],
)
def test_what_cannot_be_true_is_named(values, pointer: str) -> None:
    assert pressure_errors([values], at=AT)[0].pointer == pointer


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (reading(45, 20), {"CV_BP_LOW"}),
        (reading(79, 45), {"CV_BP_LOW"}),
        (reading(90, 39), {"CV_BP_LOW"}),
        (reading(80, 40), set()),
        (reading(320, 170, heart_rate=80), {"CV_UNCONTROLLED_HTN"}),
        (reading(120, 80, heart_rate=0), {"CV_HEART_RATE"}),
        (reading(120, 80, heart_rate=19), {"CV_HEART_RATE"}),
        (reading(120, 80, heart_rate=40), set()),
        (reading(120, 80, heart_rate=181), {"CV_HEART_RATE"}),
        (reading(30, 10, heart_rate=340), {"CV_BP_LOW", "CV_HEART_RATE"}),
    ],
)
def test_the_worst_that_a_device_shows_is_written_and_weighed(values, codes: set[str]) -> None:
    assert pressure_errors([values], at=AT) == []
    assert found(values) == dict.fromkeys(codes, "relative")
    early = policy.BANDS | {"extreme": {}}  # a protocol that was approved before there was one
    assert set(found(values, bands=early)) == codes


def test_a_desk_clock_that_runs_a_little_ahead_is_forgiven() -> None:
    assert pressure_errors([reading(120, 80, before=timedelta(seconds=-30))], at=AT) == []


def test_readings_are_kept_in_utc() -> None:
    local = datetime.fromisoformat("2026-05-04T08:30:00-06:00")
    assert as_stored([{"systolic": 120, "diastolic": 80, "heart_rate": None, "measured_at": local}]) == [
        {"systolic": 120, "diastolic": 80, "measured_at": "2026-05-04T14:30:00Z"}
    ]
