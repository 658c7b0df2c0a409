"""The rules behind the gates, without a database: how a gate counts, who is at risk, when a recheck counts."""

from __future__ import annotations

import ast
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from programs import policy
from programs.models import Protocol
from sessions.dosing.gates import gather
from sessions.dosing.gates.facts import Facts, Override, Proof, Said, Vitals, judged_reading, shows_ideation
from sessions.dosing.gates.judge import for_front_desk, judge
from sessions.dosing.gates.table import GATES
from sessions.dosing.rules import discharge

NINE = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def facts(**more: Any) -> Facts:
    return Facts(moment=NINE, **more)


def codes(found: Any) -> tuple[set[str], set[str]]:
    return {row.code for row in found.gates}, {row.code for row in found.advice}


def test_every_gate_is_policy_or_fixed_and_never_both() -> None:
    known = {gate.code for gate in GATES}
    assert known == set(policy.GATES) | set(policy.FIXED_GATES)
    assert not set(policy.GATES) & set(policy.FIXED_GATES)


@pytest.mark.parametrize(
    ("mode", "at_risk", "at_home", "counts"),
    [
        ("required", False, False, "gate"),
        ("at_risk", False, False, "advice"),
        ("at_risk", True, False, "gate"),
        ("at_risk", False, True, "gate"),
        ("advised", True, True, "advice"),
        ("off", True, True, ""),
    ],
)
@pytest.mark.parametrize("code", ["pregnancy_test", "fasting", "identifiers", "drug_screen"])
def test_a_mode_says_how_a_gate_counts(
    code: str, mode: str, at_risk: bool, at_home: bool, counts: str
) -> None:
    modality = "video" if at_home else "in_person"
    found = judge(facts(modes=policy.GATES | {code: mode}, at_risk=at_risk, modality=modality), overrides={})
    gates, advice = codes(found)
    assert (code in gates, code in advice) == (counts == "gate", counts == "advice")


def test_what_is_fixed_counts_whatever_stands_in_the_protocol() -> None:
    """The protocol is refused with it; a row from elsewhere is not believed either."""
    off = dict.fromkeys((gate.code for gate in GATES), "off")
    found, _ = codes(judge(facts(modes=off), overrides={}))
    assert {"clearance", "consent", "order", "vitals", "program_active", "adult", "safety_alert"} <= found
    home, _ = codes(judge(facts(modality="video", modes=off), overrides={}))
    assert {"home_address", "home_dosing", "home_risk", "home_chaperone", "home_video", "escort"} <= home
    nose, _ = codes(judge(facts(esketamine=True, modes=off), overrides={}))
    assert {"prescriber_on_site", "pulse_oximeter", "fasting", "escort"} <= nose


@pytest.mark.parametrize(
    ("measures", "stated", "at_risk"),
    [
        ([], False, False),
        ([], True, True),
        ([("phq9", "mild", ["item_9"])], False, True),
        ([("phq9", "severe", [])], False, False),
        ([("qids_sr16", "mild", ["item_12"])], False, True),
        ([("madrs", "mild", ["item_10"])], False, True),
        ([("cssrs", "none", [])], False, False),
        ([("cssrs", "low", [])], False, True),
        ([("cssrs", "high", [])], False, True),
        ([("cssrs", None, ["incomplete"])], False, True),  # what is missing never lowers a tier
        ([("phq9", "mild", ["worsening"]), ("cssrs", "none", [])], False, False),
    ],
)
def test_what_tells_of_suicidal_ideation(measures: Any, stated: bool, at_risk: bool) -> None:
    assert shows_ideation(measures, stated=stated) is at_risk


def _reading(minutes: float, band: str) -> Vitals:
    return Vitals(120, 80, 98, NINE + timedelta(minutes=minutes), {"systolic": band})


@pytest.mark.parametrize(
    ("readings", "stands"),
    [
        ([(0, "go")], "go"),
        ([(0, "review")], "review"),
        ([(0, "review"), (4.99, "go")], "review"),
        ([(0, "review"), (5, "go")], "go"),
        ([(0, "hold"), (4.99, "go")], "hold"),
        ([(0, "hold"), (4.99, "review")], "hold"),  # a milder one is no way round the rest
        ([(0, "hold"), (5, "go")], "go"),  # the rest is over; that it was HOLD still stands
        ([(0, "go"), (1, "go")], "go"),
        ([(0, "go"), (1, "hold")], "hold"),
        ([(0, "review"), (3, "go"), (6, "go")], "go"),
        ([(0, "review"), (4, "review"), (6, "go")], "review"),
        ([(0, "emergency"), (2, "hold")], "emergency"),
    ],
)
def test_a_recheck_needs_its_rest(readings: list[tuple[float, str]], stands: str) -> None:
    found = judged_reading([_reading(*row) for row in readings], recheck_min=5, moment=NINE)
    assert found is not None
    assert found.band == stands


@pytest.mark.parametrize(
    ("readings", "state", "may_override"),
    [
        ([(0, "hold"), (5, "go")], "open", True),
        ([(0, "emergency"), (5, "go"), (10, "go")], "open", True),
        ([(0, "hold"), (5, "review")], "open", True),
        ([(0, "hold"), (4.99, "go")], "open", False),  # no rest
        ([(0, "hold"), (5, "hold")], "open", False),
        ([(-600, "hold"), (0, "go")], "pass", False),  # yesterday's
        ([(0, "review"), (5, "go")], "pass", False),
    ],
)
def test_hold_means_not_today_unless_a_prescriber_decides_after_the_rest(
    readings: list[tuple[float, str]], state: str, may_override: bool
) -> None:
    later = NINE + timedelta(minutes=15)
    vitals = judged_reading([_reading(*row) for row in readings], recheck_min=5, moment=later)
    found = judge(Facts(moment=later, vitals=vitals), overrides={})
    gate = next(row for row in found.gates if row.code == "vitals")
    assert (gate.state, bool(gate.overridable_by)) == (state, may_override)
    assert ("at 09:00 today" in gate.detail) is (state == "open" and may_override)


def test_no_reading_is_no_band() -> None:
    assert judged_reading([], recheck_min=5, moment=NINE) is None


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "open"),
        ({"no_fluids": True}, "open"),
        ({"no_fluids": True, "no_nasal_spray": True}, "pass"),
        ({"no_fluids": True, "no_nasal_spray": False}, "open"),
    ],
)
@pytest.mark.parametrize("minutes", [119, 120])
def test_esketamine_asks_for_food_fluid_and_nasal_spray(
    minutes: int, change: dict[str, bool], state: str
) -> None:
    said = {code: Said(value, "np", NINE) for code, value in change.items()}
    since = NINE - timedelta(minutes=minutes)
    found = judge(facts(esketamine=True, fasting_hours=2, fasting_since=since, said=said), overrides={})
    row = next(row for row in found.gates if row.code == "fasting")
    assert row.state == (state if minutes == 120 else "open")


@pytest.mark.parametrize(
    ("roles", "kap", "therapist", "prescriber", "missing"),
    [
        ({"nurse_practitioner", "therapist"}, True, False, False, ""),
        ({"prescriber"}, True, True, True, ""),
        ({"therapist"}, True, True, False, "a nurse practitioner or prescriber"),
        ({"nurse_practitioner"}, True, False, False, "a therapist"),
        ({"nurse_practitioner"}, False, False, False, ""),
        ({"nurse_practitioner"}, False, False, True, "a prescriber on site"),
        (set(), True, False, True, "a nurse practitioner or prescriber, a therapist, a prescriber on site"),
    ],
)
def test_who_has_to_be_there(
    roles: set[str], kap: bool, therapist: bool, prescriber: bool, missing: str
) -> None:
    found = facts(
        staff_roles=frozenset(roles), is_kap=kap, has_therapist=therapist, needs_prescriber=prescriber
    )
    row = next(row for row in judge(found, overrides={}).gates if row.code == "staff")
    assert (row.state, row.detail) == (("open", f"Missing: {missing}.") if missing else ("pass", "There."))


def test_an_override_covers_only_a_gate_that_may_be_overridden() -> None:
    everything = {gate.code: Override("Because", NINE, "prescriber", NINE) for gate in GATES}  # type: ignore[arg-type]
    found = judge(facts(is_kap=False, open_alerts=1), overrides=everything)
    assert {row.code for row in found.open} >= {"clearance", "consent", "order", "vitals", "safety_alert"}
    assert all(row.overridable_by for row in found.gates if row.state == "overridden")


def test_the_front_desk_reads_nothing_clinical() -> None:
    told = for_front_desk(judge(facts(), overrides={}))
    clinical = {gate.code for gate in GATES if gate.clinical}
    rows = told["gates"] + told["advice"]
    assert not clinical & {row["code"] for row in rows}
    assert {row["detail"] for row in rows} == {""}


@pytest.mark.parametrize(
    ("drug", "first", "ended", "over"),
    [
        ("ketamine", 0, 0, 90),
        ("ketamine", 0, 40, 130),  # an infusion counts from its end, a booster from itself
        ("Esketamine", 0, 0, 120),
        ("Spravato (esketamine)", 0, 10, 120),  # from the first device
    ],
)
def test_when_a_stay_is_over(drug: str, first: int, ended: int, over: int) -> None:
    protocol = Protocol(min_stay_min=90)
    found = discharge.stay_over_at(
        protocol, drug, NINE + timedelta(minutes=first), NINE + timedelta(minutes=ended)
    )
    assert found == NINE + timedelta(minutes=over)


# --- the screener at home, fluids, the gap -----------------------------------------------------------------------------


def gate_for(code: str, found: Facts, **overrides: Override) -> Any:
    return next(row for row in judge(found, overrides=overrides).gates if row.code == code)


def screener(hours_ago: float, tier: str | None = "none") -> dict[str, Any]:
    return {"cssrs": Proof("C-SSRS", "measure", at=NINE - timedelta(hours=hours_ago)), "cssrs_tier": tier}


@pytest.mark.parametrize("mode", ["at_risk", "advised", "off"])
@pytest.mark.parametrize(
    ("answers", "state"),
    [({}, "open"), (screener(8), "pass"), (screener(10), "open"), (screener(1, None), "open")],
)
def test_at_home_only_a_screener_of_the_day_counts(mode: str, answers: dict[str, Any], state: str) -> None:
    found = facts(modality="video", modes=policy.GATES | {"suicide_screen": mode}, **answers)
    assert [gate_for(code, found).state for code in ("suicide_screen", "home_risk")] == [state, state]


@pytest.mark.parametrize(
    ("clear_hours", "said", "state"),
    [(2, None, "pass"), (2, False, "open"), (2, True, "pass"), (0, False, "pass")],
)
def test_a_client_who_drank_too_late_is_not_dosed(clear_hours: float, said: bool | None, state: str) -> None:
    words = {} if said is None else {"no_fluids": Said(said, "np", NINE)}
    gate = gate_for("fasting", facts(clear_hours=clear_hours, said=words))
    assert gate.state == state
    assert ("Of clear fluids: none for 2 h" in gate.detail) is bool(clear_hours)


@pytest.mark.parametrize(
    ("last", "following", "floor", "state", "may_override"),
    [
        (72, None, 0, "pass", True),
        (71.9, None, 0, "open", True),
        (1, None, 0, "open", True),  # without a floor a prescriber may always
        (47.9, None, 48, "open", False),
        (48, None, 48, "open", True),
        (None, 72, 0, "pass", True),
        (None, 71.9, 0, "open", True),  # a dose written up late, before one that stands already
        (100, 47.9, 48, "open", False),
        (47.9, 60, 48, "open", False),
    ],
)
def test_the_gap_is_kept_on_both_sides_and_has_a_floor(
    last: float | None, following: float | None, floor: float, state: str, may_override: bool
) -> None:
    before = None if last is None else NINE - timedelta(hours=last)
    after = None if following is None else NINE + timedelta(hours=following)
    gate = gate_for(
        "minimum_gap",
        facts(min_gap_hours=72, gap_floor_hours=floor, last_dosed_at=before, next_dosed_at=after),
    )
    assert (gate.state, bool(gate.overridable_by)) == (state, may_override)


@pytest.mark.parametrize(("begun", "state"), [(None, "open"), (NINE - timedelta(hours=10), "pass")])
def test_a_booster_past_midnight_stands_on_the_words_of_its_own_evening(
    begun: datetime | None, state: str
) -> None:
    said = {"identifiers": Said(value=True, by="np", at=NINE - timedelta(hours=11))}
    assert gate_for("identifiers", facts(begun=begun, said=said)).state == state


def test_every_fact_of_the_gates_is_gathered_by_its_name() -> None:
    """A fact that nobody fills keeps its default, and most defaults say that all is well."""
    tree = ast.parse(Path(gather.__file__).read_text())
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    filled = [call for call in calls if call.func.id in {"Facts", "replace"}]  # type: ignore[attr-defined]
    names = [word.arg for call in filled for word in call.keywords]
    assert None not in names  # no `**`
    assert set(names) == {field.name for field in fields(Facts)}
