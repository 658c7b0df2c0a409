"""Verbs of the clinic's own legal rules: the director adds one, and takes one back."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import AlreadyVoid, FieldError, merge
from kapclinic.practice.models import User
from kapclinic.practice.rules import DIRECTOR
from programs.models import LegalRule, LegalRuleVoid


class LegalRuleFields(TypedDict):
    """What a rule says. `starts` and `ends` are `from` and `to` in the body, whole days; None is open."""

    code: str
    jurisdiction: str
    effect: str
    starts: date | None
    ends: date | None
    source: str
    checked_on: date


@transaction.atomic
def add_legal_rule(*, values: LegalRuleFields, by: User, at: datetime) -> LegalRule:
    """Add a rule of law: an extension, a state's own, or one that somebody looked at again (the same code).

    :raises NotPermitted: unless `by` is the medical director
    :raises Invalid: when it ends before it begins, or was looked at in the future
    """
    transitions.require_role(by, DIRECTOR, what="Adding a legal rule")
    starts, ends = values["starts"], values["ends"]
    errors = []
    if starts and ends and ends < starts:
        errors.append(FieldError("/to", "reversed", "to: it can't lie before from."))
    if values["checked_on"] > at.date():
        errors.append(FieldError("/checked_on", "in_the_future", "checked_on: this day has not come yet."))
    merge(errors)
    return LegalRule(**values).insert_by(by, at=at)


@transaction.atomic
def void_legal_rule(*, rule_id: UUID, reason: str, by: User, at: datetime) -> LegalRuleVoid:
    """Take back a rule that the clinic added. From then on nothing follows from it; doses already given stay.

    :raises NotPermitted: unless `by` is the medical director
    :raises AlreadyVoid: when it was voided before
    """
    transitions.require_role(by, DIRECTOR, what="Voiding a legal rule")
    rule: LegalRule = LegalRule.objects.get(pk=rule_id)
    if LegalRuleVoid.objects.filter(rule=rule).exists():
        raise AlreadyVoid("This rule was voided before.")
    return LegalRuleVoid(rule=rule, reason=reason).insert_by(by, at=at)
