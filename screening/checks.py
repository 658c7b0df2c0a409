"""What `manage.py check` says about the interaction list: every fault of its files, with the line and the rule."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from screening.rules.medicine_faults import examine
from screening.rules.medicine_files import RULES


def interaction_list(**_: Any) -> list[CheckMessage]:
    return [
        Error(fault.words, hint=RULES[fault.rule], obj=fault.place, id=f"screening.{fault.rule}")
        for fault in examine().faults
    ]
