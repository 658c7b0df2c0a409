"""What a plan commonly says to a line: a default for texts, never a promise.

Source: of 18 large insurers of the United States (August 2025), all cover nasal esketamine, nearly all after prior
authorization; ketamine itself next to none does (https://zenodo.org/records/17113526). Session monitoring is a CPT III
code about other drugs, which many do not take for ketamine.
"""

from __future__ import annotations

from enum import StrEnum

from billing.codes.models import ServiceCode
from billing.codes.rules import Family, family_of, requirements
from billing.codes.rules.catalogue import ESKETAMINES, NASAL_VISITS


class Expectation(StrEnum):
    NONE = "none"
    POSSIBLE = "possible"
    PRIOR_AUTH = "prior_auth"


def expectation(code: ServiceCode) -> Expectation:
    """Esketamine after prior authorization, therapy and visits possibly, ketamine and the clinic's own codes not."""
    if code.code in {*ESKETAMINES, *NASAL_VISITS}:
        return Expectation.PRIOR_AUTH
    family = family_of(code.code)
    unlikely = family in {Family.DRUG, Family.MONITORING} or requirements.read(code.requires).a_dose
    if unlikely or code.system == ServiceCode.System.INTERNAL:
        return Expectation.NONE
    return Expectation.POSSIBLE
