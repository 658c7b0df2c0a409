"""What `manage.py check` says about the legal rules that ship: every fault of the file, with its line."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from programs.rules import legal


def legal_rules(**_: Any) -> list[CheckMessage]:
    faults = legal.read(legal.FILE.read_text(encoding="utf-8"))[1]
    return [Error(fault, obj=legal.FILE.name, id="programs.E001") for fault in faults]
