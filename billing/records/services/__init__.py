"""Verbs of exports: asked for and stopped by people, made and ended by the worker."""

from __future__ import annotations

from billing.records.services.asking import ask_for_record, stop_export
from billing.records.services.ending import end_files, part_copies, reseal_exports
from billing.records.services.practice_working import reseal_pieces
from billing.records.services.practice_working import sweep_exports as sweep_practice_exports
from billing.records.services.working import sweep_exports, work_on

__all__ = [
    "ask_for_record",
    "end_files",
    "part_copies",
    "reseal_exports",
    "reseal_pieces",
    "stop_export",
    "sweep_exports",
    "sweep_practice_exports",
    "work_on",
]
