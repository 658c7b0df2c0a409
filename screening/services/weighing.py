"""What the rules say about a screening at a moment: at its submission, and again before it is cleared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from screening import selectors
from screening.models import Finding, Screening
from screening.rules.evaluation import Facts, evaluate
from screening.rules.findings import Found
from screening.rules.medicines import Listed
from screening.rules.suspensions import Change, changes, fresh_codes


def weigh(screening: Screening, *, medicines: Sequence[Listed], at: datetime) -> list[Found]:
    """Every finding of the screening as it stands, with what the client takes and the instruments that count now."""
    program = screening.program
    measures = selectors.recent_measures(program=program, at=at)
    return evaluate(
        Facts(
            protocol=program.protocol,
            answers=screening.answers,
            blood_pressures=screening.blood_pressures,
            medicines=medicines,
            measures=measures,
            cssrs_alerted=selectors.raised_alert(measures.get("cssrs"), cause="cssrs"),
            age=program.client.age_at(at.astimezone(program.location.zone)),
            zone=program.location.zone,
            at=at,
            earlier_pressures=selectors.other_pressures(screening),
        )
    )


def not_weighed(screening: Screening, *, before: Sequence[Finding], at: datetime) -> list[Change]:
    """What a weighing finds now and the submission did not, `before` being its findings."""
    listed = selectors.listed_medicines(screening.program.client_id)
    fresh = fresh_codes(listed, weighed=selectors.weighed_names(screening))
    return changes(before, weigh(screening, medicines=listed, at=at), fresh=fresh)
