"""All that the rules say about one screening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from programs.models import Protocol
from screening.models import Finding, Measure
from screening.rules.conditions import CONDITIONS, age_findings, answer_findings
from screening.rules.findings import Found, as_policy_has_it, merged
from screening.rules.medicines import Listed, medicine_findings
from screening.rules.pressure import pressure_findings

S = Finding.Severity


@dataclass(frozen=True)
class Facts:
    """What is known when a screening is submitted. `measures`: the latest of each instrument that still counts.

    `earlier_pressures`: of the person's other screenings. `cssrs_alerted`: the latest C-SSRS raised an alert. `zone` is
    the clinic's.
    """

    protocol: Protocol
    answers: Mapping[str, Any]
    blood_pressures: Sequence[Mapping[str, Any]]
    medicines: Sequence[Listed]
    measures: Mapping[str, Measure]
    cssrs_alerted: bool
    age: int
    zone: ZoneInfo
    at: datetime
    earlier_pressures: Sequence[Mapping[str, Any]] = ()


def evaluate(facts: Facts) -> list[Found]:
    """Every finding, one per code (and per unmapped medicine)."""
    protocol = facts.protocol
    limits = protocol.limits
    return merged(
        [
            *answer_findings(facts.answers, limits=limits, home_dosing=protocol.home_dosing),
            *age_findings(facts.age, limits=limits),
            *pressure_findings(
                facts.blood_pressures,
                bands=protocol.bands,
                limits=limits,
                zone=facts.zone,
                at=facts.at,
                earlier=facts.earlier_pressures,
            ),
            *medicine_findings(facts.medicines, route=protocol.route, limits=limits),
            *measure_findings(facts.measures, protocol=protocol, cssrs_alerted=facts.cssrs_alerted),
        ]
    )


def measure_findings(
    measures: Mapping[str, Measure], *, protocol: Protocol, cssrs_alerted: bool
) -> list[Found]:
    """What recent instruments add: C-SSRS tiers, AUDIT-C and DAST-10 beyond their cuts (clinic policy)."""
    found = []
    tier = measures.get("cssrs")
    if tier is not None and cssrs_alerted:
        severity = CONDITIONS["PSY_SI"].at_home if protocol.home_dosing else S.RELATIVE
        words = f"C-SSRS screener: {tier.band or 'incomplete, at least moderate'}."
        found.append(Found("PSY_SI", str(severity), words, CONDITIONS["PSY_SI"].source))
    alcohol = measures.get("audit_c")
    if alcohol is not None and alcohol.band == "positive":
        words = f"AUDIT-C {alcohol.total}, positive from {alcohol.threshold}."
        severity = as_policy_has_it("SUD_AUDIT_C", S.RELATIVE, protocol.limits)
        found.append(Found("SUD_AUDIT_C", severity, words, "AUDIT-C (WHO); clinic policy"))
    drugs = measures.get("dast10")
    if drugs is not None and "relative" in drugs.flags:
        review = " Review before any dose." if "block_pending_review" in drugs.flags else ""
        severity = as_policy_has_it("SUD_DAST10", S.RELATIVE, protocol.limits)
        found.append(
            Found(
                "SUD_DAST10", severity, f"DAST-10 {drugs.total}.{review}", "DAST-10 (Skinner); clinic policy"
            )
        )
    return found
