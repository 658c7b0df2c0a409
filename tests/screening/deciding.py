"""A screening over HTTP: the nurse drafts and submits it, the prescriber decides."""

from __future__ import annotations

from typing import Any

from programs.models import Program
from screening.rules.conditions import CONDITIONS
from tests.cast import Cast

NO_TO_ALL = {code: False for code, condition in CONDITIONS.items() if condition.asked}
CALM = {"systolic": 118, "diastolic": 76, "heart_rate": 64, "measured_at": "2026-05-04T14:30:00Z"}
CALMS = [CALM | {"measured_at": "2026-05-04T14:20:00Z"}, CALM]


def drafted(cast: Cast, program: Program, **values: Any) -> dict[str, Any]:
    body = {"program": str(program.pk), "answers": NO_TO_ALL, "blood_pressures": CALMS} | values
    return cast.desk("np").must("screenings/", body, status=201)


def submitted(cast: Cast, program: Program, **values: Any) -> dict[str, Any]:
    return cast.desk("np").must(f"screenings/{drafted(cast, program, **values)['id']}/submit/", status=200)


def decide(cast: Cast, screening: dict[str, Any], decision: str = "cleared", **more: Any) -> Any:
    """The answer to a decision."""
    body = {"decision": decision, "rationale": "Weighed with the client."} | more
    return cast.desk("prescriber").post(f"screenings/{screening['id']}/decide/", body)


def cleared(cast: Cast, program: Program) -> dict[str, Any]:
    answer = decide(cast, submitted(cast, program))
    assert answer.status_code == 200, answer.content
    return answer.json()
