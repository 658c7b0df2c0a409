"""What the next course takes over of the one before: a clearance and signatures, and why not. Pure.

Source: PR9. What a prescriber weighed was weighed for a route and by the severities of a protocol.
"""

from __future__ import annotations

from programs.models import Protocol
from programs.policy import band, limit

NOT_STANDING, OTHER_ROUTE, OTHER_RULES, OUTDATED = "not_standing", "other_route", "other_rules", "outdated"
REASONS = (NOT_STANDING, OTHER_ROUTE, OTHER_RULES, OUTDATED)
CLEARANCE = "clearance"
OF_TREATMENT = frozenset({"kap_treatment", "spravato_rems"})  # what the client signs of a route


def clearance_problem(earlier: Protocol, following: Protocol) -> str | None:
    """Why a clearance under the one protocol is none under the other; nothing when it may be carried."""
    if earlier.route != following.route:
        return OTHER_ROUTE
    if following.home_dosing and not earlier.home_dosing:
        return OTHER_RULES
    return None if _weighs(earlier) == _weighs(following) else OTHER_RULES


def _weighs(protocol: Protocol) -> list[object]:
    """By what a screening is weighed."""
    numbers = ("severities", "min_age_years", "cns_depressants_many", "screening_bp_days")
    return [band(protocol.bands, "bp"), *(limit(protocol.limits, name) for name in numbers)]


def consent_problem(document: str, earlier: Protocol, following: Protocol) -> str | None:
    """Why a signature under this document is none of the next course, whatever its version."""
    return OTHER_ROUTE if document in OF_TREATMENT and earlier.route != following.route else None
