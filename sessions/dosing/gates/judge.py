"""Judging readiness: the gates that count for this session today, each passed, open or overridden. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from programs import policy
from sessions.dosing.gates.facts import Facts, Override, Proof
from sessions.dosing.gates.table import GATES, VITALS, Gate

CLINICAL_HOLD = "clinical_hold"


@dataclass(frozen=True)
class Judged:
    """One gate as it stands now."""

    code: str
    label: str
    state: str  # pass | open | overridden
    who_can_clear: tuple[str, ...]
    overridable_by: tuple[str, ...]
    detail: str
    clinical: bool
    cleared_by: Proof | None = None
    override: Override | None = None

    def as_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            "label": self.label,
            "state": self.state,
            "who_can_clear": [str(role) for role in self.who_can_clear],
            "overridable_by": [str(role) for role in self.overridable_by],
            "detail": self.detail,
            "cleared_by": self.cleared_by.as_dict() if self.cleared_by else None,
            "override": self.override.as_dict() if self.override else None,
        }


@dataclass(frozen=True)
class Readiness:
    """Every gate that counts, and apart from them what is only advised and never blocks."""

    gates: tuple[Judged, ...] = ()
    advice: tuple[Judged, ...] = ()

    @property
    def open(self) -> list[Judged]:
        return [gate for gate in self.gates if gate.state == "open"]

    @property
    def ready(self) -> bool:
        return not self.open


def mode_of(gate: Gate, facts: Facts) -> str:
    """required, advised or off for this client today; a gate that is no policy is always required."""
    if gate.stands(facts) or gate.code not in policy.GATES:
        return policy.REQUIRED
    mode = facts.modes.get(gate.code, policy.REQUIRED)
    if mode == policy.AT_RISK:
        return policy.REQUIRED if facts.at_risk or facts.at_home else policy.ADVISED
    return mode if mode in (policy.ADVISED, policy.OFF) else policy.REQUIRED


def _dated(proof: Proof, facts: Facts) -> Proof:
    """A proof with its date: when it was said or made, and for what the record itself says when it was looked at."""
    if proof.at is None:
        return replace(proof, at=facts.moment)
    day = f"{proof.at.astimezone(facts.moment.tzinfo):%Y-%m-%d}"
    return proof if day in proof.text else replace(proof, text=f"{proof.text} ({day})")


def _judged(gate: Gate, facts: Facts, overrides: Mapping[str, Override]) -> Judged:
    by, override = gate.overridable_by(facts), overrides.get(gate.code)
    if gate.code == VITALS and override and facts.vitals and override.at < facts.vitals.measured_at:
        override = None  # it was said of an earlier reading
    passed = gate.passes(facts)
    overridden = not passed and bool(by) and override is not None
    proof = _dated(gate.proof(facts) or Proof(gate.detail(facts), "record"), facts) if passed else None
    return Judged(
        code=gate.code,
        label=gate.label,
        state="pass" if passed else "overridden" if overridden else "open",
        who_can_clear=gate.who_can_clear,
        overridable_by=by,
        detail=gate.detail(facts),
        clinical=gate.clinical,
        cleared_by=proof,
        override=override if overridden else None,
    )


def judge(facts: Facts, *, overrides: Mapping[str, Override]) -> Readiness:
    """Every gate that applies; an override counts only while its gate may be overridden."""
    found: dict[str, list[Judged]] = {policy.REQUIRED: [], policy.ADVISED: []}
    for gate in GATES:
        mode = mode_of(gate, facts)
        if mode in found and gate.applies(facts):
            found[mode].append(_judged(gate, facts, overrides if mode == policy.REQUIRED else {}))
    return Readiness(tuple(found[policy.REQUIRED]), tuple(found[policy.ADVISED]))


def _plain(judged: Judged) -> dict[str, object]:
    return judged.as_dict() | {"detail": "", "cleared_by": None, "override": None}


def for_front_desk(readiness: Readiness) -> dict[str, object]:
    """Plain blockers without detail; all clinical gates fall together into one `clinical_hold` (R13)."""
    shown = [_plain(gate) for gate in readiness.gates if not gate.clinical]
    if any(gate.clinical for gate in readiness.gates):
        held = [gate for gate in readiness.open if gate.clinical]
        shown.append(
            {
                "code": CLINICAL_HOLD,
                "label": "The clinical team is ready",
                "state": "open" if held else "pass",
                "who_can_clear": sorted({str(role) for gate in held for role in gate.who_can_clear}),
                "overridable_by": [],
                "detail": "",
                "cleared_by": None,
                "override": None,
            }
        )
    advice = [_plain(gate) for gate in readiness.advice if not gate.clinical]
    return {"ready": readiness.ready, "gates": shown, "advice": advice}


def for_clinicians(readiness: Readiness) -> dict[str, object]:
    return {
        "ready": readiness.ready,
        "gates": [gate.as_dict() for gate in readiness.gates],
        "advice": [gate.as_dict() for gate in readiness.advice],
    }
