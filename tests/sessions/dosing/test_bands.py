"""The bands of vital signs at every edge, the most severe first (clinical policy 3.1 and 3.2)."""

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
PRE_DOSE = [
    (
        "systolic",
        [
            (90, "go"),
            (140, "go"),
            (141, "review"),
            (160, "review"),
            (161, "hold"),
            (200, "hold"),
            (201, "emergency"),
        ],
    ),
    (
        "diastolic",
        [
            (40, "go"),
            (90, "go"),
            (91, "review"),
            (100, "review"),
            (101, "hold"),
            (120, "hold"),
            (121, "emergency"),
        ],
    ),
    (
        "heart_rate",
        [
            (44, "hold"),
            (45, "review"),
            (49, "review"),
            (50, "go"),
            (100, "go"),
            (101, "review"),
            (110, "review"),
            (111, "hold"),
        ],
    ),
    (
        "spo2",
        [
            (87, "emergency"),
            (88, "hold"),
            (91, "hold"),
            (92, "review"),
            (94, "review"),
            (95, "go"),
            (100, "go"),
        ],
    ),
    (
        "respiratory_rate",
        [
            (7, "emergency"),
            (8, "hold"),
            (9, "hold"),
            (10, "go"),
            (20, "go"),
            (21, "review"),
            (24, "review"),
            (25, "hold"),
            (30, "hold"),
            (31, "emergency"),
        ],
    ),
    ("sedation", [(5, "go"), (4, "hold"), (0, "hold")]),
]
IN_SESSION = [
    (
        "systolic",
        [
            (140, "go"),
            (160, "go"),
            (161, "amber"),
            (180, "amber"),
            (181, "amber"),
            (200, "amber"),
            (201, "red"),
        ],
    ),
    (
        "diastolic",
        [
            (90, "go"),
            (100, "go"),
            (101, "amber"),
            (110, "amber"),
            (111, "amber"),
            (120, "amber"),
            (121, "red"),
        ],
    ),
    (
        "heart_rate",
        [(44, "red"), (49, "red"), (50, "go"), (110, "go"), (111, "amber"), (120, "amber"), (121, "amber")],
    ),
    ("spo2", [(89, "red"), (90, "amber"), (91, "amber"), (92, "go")]),
    ("respiratory_rate", [(7, "red"), (8, "amber"), (9, "amber"), (10, "go"), (30, "go"), (31, "red")]),
    ("sedation", [(5, "go"), (4, "go"), (3, "amber"), (2, "red"), (0, "red")]),
]
REPEATED = [
    ("systolic", [(180, "amber"), (181, "red")]),
    ("diastolic", [(110, "amber"), (111, "red")]),
    ("heart_rate", [(120, "amber"), (121, "red")]),
]


def rows(table: list[tuple[str, list[tuple[int, str]]]]) -> list[tuple[str, int, str]]:
    return [(sign, value, band) for sign, edges in table for value, band in edges]


@pytest.mark.parametrize(("sign", "value", "band"), rows(PRE_DOSE))
def test_before_the_dose(sign: str, value: int, band: str) -> None:
    found = rules.pre_dose_bands(WELL | {sign: value}, BANDS)
    assert found == dict.fromkeys(WELL, "go") | {sign: band}
    assert rules.worst(found) == band


@pytest.mark.parametrize(("sign", "value", "band"), rows(IN_SESSION))
def test_after_the_dose(sign: str, value: int, band: str) -> None:
    found = rules.in_session_bands(WELL | {sign: value}, BANDS, before=None)
    assert found == dict.fromkeys(WELL, "go") | {sign: band}
    assert rules.worst(found) == band


@pytest.mark.parametrize(("sign", "value", "band"), rows(REPEATED))
def test_after_the_dose_and_high_five_minutes_ago_too(sign: str, value: int, band: str) -> None:
    high = {"systolic": 181, "diastolic": 111, "heart_rate": 121}
    found = rules.in_session_bands(WELL | {sign: value}, BANDS, before=WELL | {sign: high[sign]})
    assert found[sign] == band


@pytest.mark.parametrize("sign", ["systolic", "diastolic", "heart_rate"])
def test_high_once_is_not_red(sign: str) -> None:
    high = {"systolic": 181, "diastolic": 111, "heart_rate": 121}
    found = rules.in_session_bands(WELL | {sign: high[sign]}, BANDS, before=WELL)
    assert found[sign] == "amber"


@pytest.mark.parametrize(
    ("pressure", "band"),
    [((150, 85), "review"), ((138, 101), "hold"), ((139, 89), "go"), ((161, 91), "hold")],
)
def test_either_pressure_decides_and_the_worse_one(pressure: tuple[int, int], band: str) -> None:
    vitals = WELL | {"systolic": pressure[0], "diastolic": pressure[1]}
    assert rules.worst(rules.pre_dose_bands(vitals, BANDS)) == band


def test_182_over_112_twice_in_five_minutes_is_red() -> None:
    vitals = WELL | {"systolic": 182, "diastolic": 112}
    found = rules.in_session_bands(vitals, BANDS, before=vitals)
    assert (found["systolic"], found["diastolic"]) == ("red", "red")


def test_a_sign_that_was_not_taken_has_no_band() -> None:
    vitals = WELL | dict.fromkeys(("spo2", "respiratory_rate", "sedation"))
    for found in (rules.pre_dose_bands(vitals, BANDS), rules.in_session_bands(vitals, BANDS, before=None)):
        assert set(found) == {"systolic", "diastolic", "heart_rate"}


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


@pytest.mark.parametrize(
    ("measured", "answered"),
    [(9, None), (10, 15), (15, 15), (22, 15), (24, 15), (25, 30), (30, 30), (44, 45), (200, 45)],
)
def test_a_reading_answers_the_nearest_check_not_more_than_5_minutes_ahead(
    measured: int, answered: int | None
) -> None:
    checks = [check(minute) for minute in (15, 30, 45)]
    found = rules.closed_by(MONDAY + timedelta(minutes=measured), checks, tolerance_min=5)
    assert (found.minute if found else None) == answered


@pytest.mark.parametrize("state", ["due", "late", "missed"])
def test_an_open_check_may_still_be_answered(state: str) -> None:
    found = rules.closed_by(MONDAY + timedelta(minutes=16), [check(15, state)], tolerance_min=5)
    assert found is not None


@pytest.mark.parametrize(
    "nearest", [check(30, "done", read=True), check(30, "late", read=True), check(30, "not_taken")]
)
def test_a_second_reading_fills_in_no_check_that_was_missed_before(nearest: Check) -> None:
    checks = [check(15, "missed"), nearest]
    assert rules.closed_by(MONDAY + timedelta(minutes=33), checks, tolerance_min=5) is None


@pytest.mark.parametrize(
    ("minutes", "state"), [(-5, "done"), (0, "done"), (5, "done"), (5.01, "late"), (60, "late")]
)
def test_a_reading_within_5_minutes_is_in_time(minutes: float, state: str) -> None:
    assert rules.state_when_read(check(0), MONDAY + timedelta(minutes=minutes), tolerance_min=5) == state


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(0, "due"), (5, "due"), (5.01, "late"), (10, "late"), (10.01, "missed"), (600, "missed")],
)
def test_without_a_reading_it_is_late_after_5_and_missed_after_10_minutes(minutes: float, state: str) -> None:
    found = rules.state_unread(MONDAY, at=MONDAY + timedelta(minutes=minutes), tolerance_min=5, missed_min=10)
    assert found == state


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
