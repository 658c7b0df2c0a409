"""Verbs of imports: sent and taken back by an administrator, brought in and out by the worker."""

from __future__ import annotations

from sessions.imports.services.asking import ask_to_import, ask_to_undo
from sessions.imports.services.working import reseal_imports, sweep_imports, work_on

__all__ = ["ask_to_import", "ask_to_undo", "reseal_imports", "sweep_imports", "work_on"]
