"""Blood pressure at screening against the bands of the protocol."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from programs import policy
from screening.rules.pressure import as_stored, band_of, pressure_errors, pressure_findings

AT = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)


def reading(systolic: int, diastolic: int, *, before: timedelta = timedelta(minutes=30), **more: int):
    return {"systolic": systolic, "diastolic": diastolic, "measured_at": AT - before} | more


def found(*readings, bands=policy.BANDS):
    stored = as_stored(readings)
    return {f.code: f.severity for f in pressure_findings(stored, bands=bands, limits=policy.LIMITS, at=AT)}


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


def test_the_bands_are_the_protocols() -> None:
    strict = {"bp": policy.BANDS["bp"] | {"hold": [130, 85]}}
    assert found(reading(131, 80), bands=strict) == {"CV_UNCONTROLLED_HTN": "relative"}


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        (reading(49, 40), "/blood_pressures/0/systolic"),
        (reading(301, 90), "/blood_pressures/0/systolic"),
        (reading(120, 19), "/blood_pressures/0/diastolic"),
        (reading(80, 80), "/blood_pressures/0/diastolic"),
        (reading(80, 120), "/blood_pressures/0/diastolic"),
        (reading(120, 80, heart_rate=251), "/blood_pressures/0/heart_rate"),
        (reading(120, 80, before=timedelta(minutes=-5)), "/blood_pressures/0/measured_at"),
    ],
)
def test_what_cannot_be_true_is_named(values, pointer: str) -> None:
    assert [error.pointer for error in pressure_errors([values], limits=policy.LIMITS, at=AT)] == [pointer]


def test_a_desk_clock_that_runs_a_little_ahead_is_forgiven() -> None:
    assert (
        pressure_errors([reading(120, 80, before=timedelta(seconds=-30))], limits=policy.LIMITS, at=AT) == []
    )


def test_readings_are_kept_in_utc() -> None:
    local = datetime.fromisoformat("2026-05-04T08:30:00-06:00")
    assert as_stored([{"systolic": 120, "diastolic": 80, "heart_rate": None, "measured_at": local}]) == [
        {"systolic": 120, "diastolic": 80, "measured_at": "2026-05-04T14:30:00Z"}
    ]
