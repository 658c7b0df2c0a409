"""Bands, checks and plausibility beside the shared vectors that hold every edge (clinical policy 3.1, 3.2 and 3.3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from programs.policy import BANDS, LIMITS
from sessions.monitoring import rules
from sessions.monitoring.models import Check
from tests.cast import MONDAY

WELL: dict[str, Any] = {
    "systolic": 122,
    "diastolic": 78,
    "heart_rate": 70,
    "spo2": 98,
    "respiratory_rate": 14,
    "sedation": 5,
}


def test_the_bands_are_the_protocols_own() -> None:
    stricter = BANDS | {"bp": BANDS["bp"] | {"go": [130, 80]}}
    assert rules.pre_dose_bands(WELL | {"systolic": 131}, stricter)["systolic"] == "review"
    assert rules.pre_dose_bands(WELL | {"systolic": 131}, BANDS)["systolic"] == "go"


@pytest.mark.parametrize(
    ("bands", "worst"),
    [
        ([], "go"),
        (["go", "review"], "review"),
        (["review", "hold", "go"], "hold"),
        (["hold", "emergency"], "emergency"),
        (["amber", "go"], "amber"),
        (["amber", "red", "go"], "red"),
    ],
)
def test_the_worst_band_of_a_reading(bands: list[str], worst: str) -> None:
    assert rules.worst({str(index): band for index, band in enumerate(bands)}) == worst


# --- which check a reading answers, and when one is overdue ------------------------------------------------------------


def check(minute: int, state: str = "due", *, read: bool = False) -> Check:
    planned = MONDAY + timedelta(minutes=minute)
    row = Check(minute=minute, planned_at=planned, state=state)
    row.reading_id = row.pk if read else None  # type: ignore[assignment]
    return row


@pytest.mark.parametrize("state", ["due", "late", "missed"])
def test_an_open_check_may_still_be_answered(state: str) -> None:
    row = check(15, state)
    assert rules.closed_by(MONDAY + timedelta(minutes=16), [row], tolerance_min=5) == [row]


@pytest.mark.parametrize(
    "nearest", [check(30, "done", read=True), check(30, "late", read=True), check(30, "not_taken")]
)
def test_a_second_reading_fills_in_no_check_that_was_missed_before(nearest: Check) -> None:
    checks = [check(15, "missed"), nearest]
    assert rules.closed_by(MONDAY + timedelta(minutes=33), checks, tolerance_min=5) == []


def test_of_two_equally_near_checks_the_open_one_is_answered() -> None:
    done, still_open = check(0, "done", read=True), check(10)
    assert rules.closed_by(MONDAY + timedelta(minutes=5), [done, still_open], tolerance_min=5) == [still_open]


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({}, []),
        ({"systolic": 49}, ["/systolic"]),
        ({"systolic": 50, "diastolic": 49}, []),
        ({"systolic": 300}, []),
        ({"systolic": 301}, ["/systolic"]),
        ({"diastolic": 19}, ["/diastolic"]),
        ({"diastolic": 20}, []),
        ({"systolic": 250, "diastolic": 200}, []),
        ({"systolic": 250, "diastolic": 201}, ["/diastolic"]),
        ({"diastolic": 121}, []),
        ({"diastolic": 122}, ["/diastolic"]),
        ({"diastolic": 123}, ["/diastolic"]),
        ({"heart_rate": 19}, ["/heart_rate"]),
        ({"heart_rate": 20}, []),
        ({"heart_rate": 250}, []),
        ({"heart_rate": 251}, ["/heart_rate"]),
        ({"spo2": 49}, ["/spo2"]),
        ({"spo2": 50}, []),
        ({"spo2": 100}, []),
        ({"spo2": 101}, ["/spo2"]),
        ({"respiratory_rate": 1}, ["/respiratory_rate"]),
        ({"respiratory_rate": 2}, []),
        ({"respiratory_rate": 60}, []),
        ({"respiratory_rate": 61}, ["/respiratory_rate"]),
        ({"sedation": -1}, ["/sedation"]),
        ({"sedation": 0}, []),
        ({"sedation": 6}, ["/sedation"]),
        ({"spo2": None, "respiratory_rate": None, "sedation": None}, []),
        ({"systolic": 301, "heart_rate": 0}, ["/systolic", "/heart_rate"]),
    ],
)
def test_what_no_living_person_has_is_refused_at_each_edge(
    change: dict[str, Any], pointers: list[str]
) -> None:
    errors = rules.plausibility_errors(WELL | change, LIMITS["plausible"])
    assert [error.pointer for error in errors] == pointers
