"""A total in place of the answers, of instruments whose forms a clinic may not hold here; codes of scores."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from programs.models import Program
from screening.models import Measure, SafetyAlert
from tests import cast as people
from tests.asking import pointers
from tests.cast import Cast


def take(cast: Cast, program: Program, instrument: str, **values: Any) -> Any:
    body = {"program": str(program.pk), "instrument": instrument, "administered_by": "np"}
    return cast.desk("therapist").post("measures/", body | {"taken_at": "2026-05-04T14:45:00Z"} | values)


def test_a_total_is_kept_with_its_band_and_a_code_where_there_is_one(cast: Cast, program: Program) -> None:
    got = take(cast, program, "MADRS", total=30, item_alert=False).json()
    told = {name: got[name] for name in ("total", "band", "flags", "answers", "item_alert", "loinc")}
    assert told == {
        "total": 30,
        "band": "moderate",
        "flags": ["total_only"],
        "answers": [],
        "item_alert": False,
        "loinc": None,
    }
    assert take(cast, program, "DAST-10", total=2).json()["loinc"] == "82667-7"
    assert take(cast, program, "cadss", total=92).json()["flags"] == ["total_only", "dissociating"]
    whole = take(cast, program, "phq9", answers=[0] * 9).json()
    assert (whole["loinc"], whole["item_alert"], whole["flags"]) == ("44261-6", None, [])
    assert take(cast, program, "BPRS", answers=[2] * 18).json()["total"] == 36
    open_item = take(cast, program, "bprs", answers=[0] + [2] * 17).json()
    assert (open_item["total"], open_item["flags"]) == (None, ["incomplete"])
    assert not SafetyAlert.objects.exists()


@pytest.mark.parametrize(
    ("instrument", "cause", "flag"),
    [("madrs", "madrs_item_10", "item_10"), ("qids_sr16", "qids_item_12", "item_12")],
)
def test_an_answer_that_asks_for_an_alert_raises_it_as_any_other(
    cast: Cast, instrument: str, cause: str, flag: str
) -> None:
    session = people.ready_dose(cast)
    got = take(cast, session.program, instrument, total=0, item_alert=True).json()
    assert got["flags"] == ["total_only", flag]
    assert SafetyAlert.objects.get(measure=got["id"]).cause == cause
    gates = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["gates"]
    assert "suicide_screen" in {row["code"] for row in gates}


@pytest.mark.parametrize(
    ("instrument", "values", "at", "code"),
    [
        ("phq9", {"total": 3}, "/total", "invalid"),
        ("bprs", {"total": 40}, "/total", "invalid"),
        ("cssrs", {"total": 1}, "/total", "invalid"),
        ("madrs", {"total": 61, "item_alert": False}, "/total", "out_of_range"),
        ("madrs", {"total": -1, "item_alert": False}, "/total", "min_value"),
        ("madrs", {"total": 10}, "/item_alert", "required"),
        ("qids_sr16", {"total": 10, "item_alert": None}, "/item_alert", "required"),
        ("cadss", {"total": 10, "item_alert": False}, "/item_alert", "invalid"),
        ("madrs", {"total": 10, "answers": [1] * 10}, "/total", "invalid"),
        ("madrs", {"item_alert": True, "answers": [1] * 10}, "/item_alert", "invalid"),
        ("madrs", {}, "/answers", "required"),
        ("madrs", {"item_alert": True}, "/answers", "required"),
        ("cadss", {"total": "many"}, "/total", "invalid"),
        ("bprs", {"answers": [8] + [1] * 17}, "/answers/0", "out_of_range"),
    ],
)
def test_a_total_that_cannot_be_is_refused_by_field(
    cast: Cast, program: Program, instrument: str, values: dict[str, Any], at: str, code: str
) -> None:
    answer = take(cast, program, instrument, **values)
    assert (answer.status_code, pointers(answer)) == (400, {at})
    assert [row["code"] for row in answer.json()["errors"]] == [code]
    assert not Measure.objects.exists()
    assert not SafetyAlert.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        "'phq9', '[]', 3, '{total_only}', NULL",
        "'madrs', '[]', 3, '{total_only}', NULL",
        "'madrs', '[1]', 3, '{total_only}', true",
        "'madrs', '[]', NULL, '{total_only}', true",
        "'cadss', '[]', 3, '{total_only}', true",
        "'madrs', '[1]', 3, '{}', true",
    ],
)
def test_the_database_keeps_no_total_of_another_shape(program: Program, values: str) -> None:
    columns = "id, created_at, created_by, program_id, form, language, administered_by, taken_at"
    of_all = "gen_random_uuid(), now(), gen_random_uuid(), %s, 'standard', 'en', 'np', now()"
    insert = (
        f"INSERT INTO screening_measure ({columns}, instrument, answers, total, flags, item_alert)"
        f" VALUES ({of_all}, {values})"
    )
    with (
        pytest.raises(DatabaseError, match="measure_total_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(insert, [program.pk])
