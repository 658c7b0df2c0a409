"""Judging readiness: the gates that count for this session today, each passed, open or overridden. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kapclinic.core.moments import as_stated
from programs import policy
from sessions.dosing.gates.facts import Facts, Override, Proof
from sessions.dosing.gates.table import GATES, Gate

CLINICAL_HOLD = "clinical_hold"
PASS, LATE_PAPER, OPEN, OVERRIDDEN = "pass", "late_paper", "open", "overridden"
STATES = (PASS, LATE_PAPER, OPEN, OVERRIDDEN)


@dataclass(frozen=True)
class Judged:
    """One gate as it stands now."""

    code: str
    label: str
    state: str  # one of STATES
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
        return [gate for gate in self.gates if gate.state == OPEN]

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


def _state(gate: Gate, facts: Facts, *, overridden: bool) -> str:
    """A paper that was made after the dose lets it pass only where the dose is entered late, and is named so (R3)."""
    if not gate.passes(facts):
        return OVERRIDDEN if overridden else OPEN
    if not _made_later(gate, facts):
        return PASS
    return LATE_PAPER if facts.entered_late else OPEN


def _made_later(gate: Gate, facts: Facts) -> bool:
    proof = gate.proof(facts) if gate.is_paper else None
    return proof is not None and proof.at is not None and as_stated(proof.at) > facts.moment


def _detail(gate: Gate, facts: Facts) -> str:
    said, proof = gate.detail(facts), gate.proof(facts)
    if proof is None or proof.at is None or not (gate.passes(facts) and _made_later(gate, facts)):
        return said
    made = proof.at.astimezone(facts.moment.tzinfo)
    late = "" if facts.entered_late else " That counts only for a dose that is entered late."
    return f"{said} Made after the dose, on {made:%Y-%m-%d %H:%M}.{late}"


def _dated(proof: Proof, facts: Facts) -> Proof:
    """A proof with its date: when it was said or made, and for what the record itself says when it was looked at."""
    if proof.at is None:
        return replace(proof, at=facts.moment)
    day = f"{proof.at.astimezone(facts.moment.tzinfo):%Y-%m-%d}"
    return proof if day in proof.text else replace(proof, text=f"{proof.text} ({day})")


def _judged(gate: Gate, facts: Facts, overrides: Mapping[str, Override]) -> Judged:
    by, override = gate.overridable_by(facts), overrides.get(gate.code)
    news = gate.news(facts)
    if override and news and override.at < news:
        override = None  # it was said of what was known before
    state = _state(gate, facts, overridden=bool(by) and override is not None)
    passed = state in (PASS, LATE_PAPER)
    proof = _dated(gate.proof(facts) or Proof(gate.detail(facts), "record"), facts) if passed else None
    return Judged(
        code=gate.code,
        label=gate.label,
        state=state,
        who_can_clear=gate.who_can_clear,
        overridable_by=by,
        detail=_detail(gate, facts),
        clinical=gate.clinical,
        cleared_by=proof,
        override=override if state == OVERRIDDEN else None,
    )


def judge(facts: Facts, *, overrides: Mapping[str, Override]) -> Readiness:
    """Every gate that applies; an override counts only while its gate may be overridden, and nothing came after it that
    speaks against the dose.
    """
    found: dict[str, list[Judged]] = {policy.REQUIRED: [], policy.ADVISED: []}
    for gate in GATES:
        mode = mode_of(gate, facts)
        if mode in found and gate.applies(facts):
            found[mode].append(_judged(gate, facts, overrides if mode == policy.REQUIRED else {}))
    return Readiness(tuple(found[policy.REQUIRED]), tuple(found[policy.ADVISED]))


def _plain(judged: Judged) -> dict[str, object]:
    return judged.as_dict() | {"detail": "", "cleared_by": None, "override": None}


@dataclass(frozen=True)
class Blocker:
    """What holds the dose back, in the words of the front desk."""

    code: str
    label: str


CLINICAL_TEAM = Blocker(CLINICAL_HOLD, "The clinical team is ready")


def held_for_front_desk(readiness: Readiness) -> list[Blocker]:
    """What is open of `for_front_desk`, in its order."""
    held = [Blocker(gate.code, gate.label) for gate in readiness.open if not gate.clinical]
    return held + [CLINICAL_TEAM] * any(gate.clinical for gate in readiness.open)


def for_front_desk(readiness: Readiness) -> dict[str, object]:
    """Plain blockers without detail; all clinical gates fall together into one `clinical_hold` (R13)."""
    shown = [_plain(gate) for gate in readiness.gates if not gate.clinical]
    if any(gate.clinical for gate in readiness.gates):
        held = [gate for gate in readiness.open if gate.clinical]
        shown.append(
            {
                "code": CLINICAL_TEAM.code,
                "label": CLINICAL_TEAM.label,
                "state": OPEN if held else PASS,
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
