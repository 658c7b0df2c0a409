"""Verbs of the jobs, by noun: they are asked for and stopped by people, and done by the worker."""

from __future__ import annotations

from billing.jobs.services.asking import ExportAsk, RunAsk, ask_for_export, ask_for_run, stop
from billing.jobs.services.working import sweep_jobs, work_on

__all__ = ["ExportAsk", "RunAsk", "ask_for_export", "ask_for_run", "stop", "sweep_jobs", "work_on"]
