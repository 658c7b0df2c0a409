"""Bands, checks and plausibility beside the shared vectors that hold every edge (clinical policy 3.1, 3.2 and 3.3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from programs.policy import BANDS, LIMITS
from sessions.boards.api.monitoring_bodies import WardReadingOut
from sessions.dosing.api.adverse_event_bodies import NearestOut
from sessions.monitoring import rules
from sessions.monitoring.api.reading_bodies import ReadingIn, ReadingOut, SignsOut
from sessions.monitoring.models import Check
from sessions.monitoring.rules import measurable
from tests.cast import MONDAY

WELL: dict[str, Any] = {
    "systolic": 122,
    "diastolic": 78,
    "heart_rate": 70,
    "spo2": 98,
    "respiratory_rate": 14,
    "sedation": 5,
    "etco2": 38,
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
        ({"systolic": 45, "diastolic": 20}, []),
        ({"systolic": 1, "diastolic": 0}, []),
        ({"systolic": 350}, []),
        ({"systolic": 351}, ["/systolic"]),
        ({"systolic": 350, "diastolic": 300}, []),
        ({"systolic": 350, "diastolic": 301}, ["/diastolic"]),
        ({"diastolic": 121}, []),
        ({"diastolic": 122}, ["/diastolic"]),
        ({"diastolic": 123}, ["/diastolic"]),
        ({"systolic": 0, "diastolic": 0}, ["/diastolic"]),
        ({"heart_rate": 0}, []),
        ({"heart_rate": 350}, []),
        ({"heart_rate": 351}, ["/heart_rate"]),
        ({"spo2": 0}, []),
        ({"spo2": 100}, []),
        ({"spo2": 101}, ["/spo2"]),
        ({"respiratory_rate": 0}, []),
        ({"respiratory_rate": 150}, []),
        ({"respiratory_rate": 151}, ["/respiratory_rate"]),
        ({"etco2": 0}, []),
        ({"etco2": 150}, []),
        ({"etco2": 151}, ["/etco2"]),
        ({"sedation": -1}, ["/sedation"]),
        ({"sedation": 0}, []),
        ({"sedation": 6}, ["/sedation"]),
        ({"spo2": None, "respiratory_rate": None, "sedation": None}, []),
        ({"systolic": 351, "heart_rate": -1}, ["/systolic", "/heart_rate"]),
        ({"systolic": None}, ["/systolic"]),
        ({"systolic": None, "not_obtainable": ["systolic"]}, []),
        ({"not_obtainable": ["systolic"]}, ["/not_obtainable"]),
    ],
)
def test_what_no_device_shows_is_refused_at_each_edge(change: dict[str, Any], pointers: list[str]) -> None:
    errors = measurable.reading_errors(WELL | change)
    assert [error.pointer for error in errors] == pointers


@pytest.mark.parametrize(
    ("signs", "pre", "after"),
    [
        ({"systolic": 45, "diastolic": 20}, "emergency", "red"),
        ({"heart_rate": 19}, "emergency", "red"),
        ({"heart_rate": 181}, "emergency", "red"),
        ({"etco2": 61}, "emergency", "red"),
        ({"etco2": 51}, "review", "amber"),
    ],
)
def test_a_protocol_that_was_approved_before_these_bands_has_the_default_ones(
    signs: dict[str, int], pre: str, after: str
) -> None:
    old = {name: limits for name, limits in BANDS.items() if name not in {"etco2", "extreme"}}
    assert rules.worst(rules.pre_dose_bands(WELL | signs, old)) == pre
    assert rules.worst(rules.in_session_bands(WELL | signs, old, before=None)) == after


def test_a_sign_that_could_not_be_had_is_as_it_was_when_it_was_last_had() -> None:
    high, low = WELL | {"systolic": 210}, WELL | {"systolic": None}
    judged = [(row, rules.in_session_bands(row, BANDS, before=None)) for row in (WELL, high, low)]
    assert rules.worst(rules.latest_bands(judged)) == "red"
    assert rules.worst(rules.latest_bands([*judged, judged[0]])) == "go"
    assert rules.latest_bands([]) == {}


def test_nobody_goes_home_on_a_pulse_that_could_not_be_had() -> None:
    lacking = WELL | {"heart_rate": None}
    bands = rules.in_session_bands(lacking, BANDS, before=None)
    assert not rules.home_ready(vitals=lacking, bands=bands, baseline=WELL, percent=20)
    amber = WELL | {"systolic": 165}
    bands = rules.in_session_bands(amber, BANDS, before=None)
    lacking = WELL | {"systolic": None}
    assert not rules.home_ready(vitals=amber, bands=bands, baseline=lacking, percent=20)


@pytest.mark.parametrize("sign", sorted(measurable.TABLE))
def test_how_far_is_far_is_one_table(sign: str) -> None:
    last, far = dict.fromkeys(rules.SIGNS) | {sign: 0}, measurable.TABLE[sign].far
    for now, expected in ((far - 1, []), (far, [{"sign": sign, "last": 0, "now": far}])):
        assert measurable.unusual({sign: now}, earlier=[(MONDAY, last)], plausible={}) == expected


def test_every_sign_stands_in_the_table_and_in_every_answer_that_shows_them() -> None:
    assert set(measurable.TABLE) == set(rules.SIGNS) == set(SignsOut().fields)
    assert set(rules.SIGNS) <= set(LIMITS["plausible"])
    assert {ReadingOut, WardReadingOut, NearestOut} <= set(SignsOut.__subclasses__())
    assert set(rules.SIGNS) <= set(ReadingIn().fields)
