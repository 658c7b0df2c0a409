"""The shared vectors: what the server decides about vital signs, as data that other clients can run as well."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kapclinic.core import clock
from programs import policy
from sessions.monitoring import rules, selectors
from sessions.monitoring.models import Check
from tests import cast as people
from tests.cast import IV, MONDAY, Cast, weighed

FOLDER = Path(__file__).parents[2] / "vectors"


def vectors(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def cases(name: str, part: str = "cases") -> list[Any]:
    rows = vectors(name)[part]
    assert len({row["name"] for row in rows}) == len(rows)
    return [pytest.param(row, id=row["name"]) for row in rows]


def expected(vitals: dict[str, Any], case: dict[str, Any]) -> dict[str, str]:
    taken = {sign: "go" for sign in rules.SIGNS if vitals[sign] is not None}
    return taken | case["expect"]


@pytest.mark.parametrize("name", ["bands_pre_dose", "bands_in_session"])
def test_the_vectors_are_judged_by_the_default_policy(name: str) -> None:
    assert vectors(name)["bands"] == policy.BANDS


@pytest.mark.parametrize("case", cases("bands_pre_dose"))
def test_before_the_dose(case: dict[str, Any]) -> None:
    vitals = vectors("bands_pre_dose")["well"] | case["vitals"]
    found = rules.pre_dose_bands(vitals, policy.BANDS)
    assert found == expected(vitals, case)
    assert rules.worst(found) == case["worst"]


@pytest.mark.parametrize("case", cases("bands_in_session"))
def test_after_the_dose(case: dict[str, Any]) -> None:
    well = vectors("bands_in_session")["well"]
    vitals = well | case["vitals"]
    earlier = [
        (MONDAY - timedelta(seconds=row["seconds_before"]), well | row) for row in case.get("earlier", [])
    ]
    before, between = rules.repeat_of(MONDAY, earlier, recheck_min=policy.BANDS["bp"]["recheck_min"])
    found = rules.in_session_bands(vitals, policy.BANDS, before=before, between=between)
    assert found == expected(vitals, case)
    assert rules.worst(found) == case["worst"]


@pytest.mark.parametrize("name", ["bands_pre_dose", "bands_in_session"])
def test_the_vectors_hold_every_edge_of_every_band(name: str) -> None:
    values = {sign: {row["vitals"].get(sign) for row in vectors(name)["cases"]} for sign in rules.SIGNS}
    for index, sign in enumerate(("systolic", "diastolic")):
        for limit in ("go", "hold", "red", "red_single"):
            edge = policy.BANDS["bp"][limit][index]
            assert {edge - 1, edge, edge + 1} <= values[sign], (sign, edge)
    assert {0, 39, 40, 180, 181, 44, 45, 49, 50, 100, 101, 110, 111, 120, 121} <= values["heart_rate"]
    assert set(range(87, 97)) <= values["spo2"]
    assert {7, 8, 9, 10, 20, 21, 24, 25, 30, 31} <= values["respiratory_rate"]
    assert set(range(6)) <= values["sedation"]
    assert {79, 80, 81} <= values["systolic"]
    assert {39, 40, 41} <= values["diastolic"]
    assert {14, 15, 16, 29, 30, 31, 49, 50, 51, 59, 60, 61} <= values["etco2"]


LIMITS = vectors("checks")["limits"]


def test_the_checks_are_judged_by_the_default_limits() -> None:
    assert {name: policy.LIMITS[name] for name in LIMITS} == LIMITS


@pytest.mark.parametrize("case", cases("checks", "unread"))
def test_a_check_that_nobody_read(case: dict[str, Any]) -> None:
    found = rules.state_unread(
        MONDAY,
        at=MONDAY + timedelta(seconds=case["now"]),
        tolerance_min=LIMITS["reading_tolerance_min"],
        missed_min=LIMITS["missed_after_min"],
    )
    assert found == case["expect"]


@pytest.mark.parametrize("case", cases("checks", "read"))
def test_a_check_that_was_read(case: dict[str, Any]) -> None:
    check = Check(planned_at=MONDAY)
    measured_at = MONDAY + timedelta(seconds=case["measured"])
    tolerance = LIMITS["reading_tolerance_min"]
    assert rules.state_when_read(check, measured_at, tolerance_min=tolerance) == case["expect"]


@pytest.mark.parametrize("case", cases("checks", "answers"))
def test_which_checks_a_reading_answers(case: dict[str, Any]) -> None:
    checks = [Check(minute=m, planned_at=MONDAY + timedelta(minutes=m), state="due") for m in case["open"]]
    measured_at = MONDAY + timedelta(minutes=case["measured"])
    found = rules.closed_by(measured_at, checks, tolerance_min=LIMITS["reading_tolerance_min"])
    assert [check.minute for check in found] == case["expect"]


Slots = list[tuple[str, int | None, datetime]]


def slots_of(case: dict[str, Any]) -> Slots:
    return [(row["kind"], row["minute"], datetime.fromisoformat(row["planned_at"])) for row in case["expect"]]


def ends(case: dict[str, Any]) -> bool:
    return "ended_min" in case


@pytest.mark.parametrize("case", [row for row in cases("schedule") if not ends(row.values[0])])
def test_what_a_dose_asks_for(case: dict[str, Any]) -> None:
    dosed_at = datetime.fromisoformat(case["dosed_at"])
    fixed = policy.REMS_CHECKS if case.get("rems") else None
    found: Slots = [*rules.schedule(dosed_at=dosed_at, checks_min=case["checks_min"], fixed=fixed)]
    if "booster_min" in case:
        more = rules.extended(
            booster_at=dosed_at + timedelta(minutes=case["booster_min"]),
            dosed_at=dosed_at,
            checks_min=case["checks_min"],
            asked=[moment for _, _, moment in found],
            tolerance_min=LIMITS["reading_tolerance_min"],
        )
        found += [(Check.Kind.PLANNED, *slot) for slot in more]
    assert found == slots_of(case)


@pytest.mark.parametrize("case", [row for row in cases("schedule") if ends(row.values[0])])
def test_what_the_end_of_an_infusion_asks_for(cast: Cast, case: dict[str, Any]) -> None:
    session = weighed(cast, IV)
    assert session.program.protocol.checks_min == case["checks_min"]
    assert session.program.protocol.limits["after_end"] == case["after_end"]
    dose = people.give(cast, session, dose_mg=Decimal(40), given_by="staff")
    with clock.fixed(MONDAY + timedelta(minutes=case["ended_min"])):
        body = {"ended_at": clock.now().isoformat(), "given_mg": "40", "wasted_mg": "0"}
        cast.desk("np").must(f"sessions/{session.pk}/administrations/{dose.pk}/finish/", body)
    asked = selectors.asked_checks(session_id=session.pk)
    assert [(row.kind, row.minute, row.planned_at) for row in asked] == slots_of(case)


@pytest.mark.parametrize("case", cases("schedule"))
def test_what_the_clock_on_the_wall_shows_then(case: dict[str, Any]) -> None:
    zone = ZoneInfo(case["zone"])
    shown = [moment.astimezone(zone).strftime("%H:%M") for _, _, moment in slots_of(case)]
    assert shown == [row["local"] for row in case["expect"]]


@pytest.mark.parametrize("route", sorted(policy.BY_ROUTE))
def test_every_route_has_its_schedule_among_the_vectors(route: str) -> None:
    plain = {"ended_min", "booster_min", "rems"}
    rows = [row for row in vectors("schedule")["cases"] if row["route"] == route and not plain & set(row)]
    assert policy.BY_ROUTE[route]["checks_min"] in [row["checks_min"] for row in rows]
