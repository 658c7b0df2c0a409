"""Gathers the rooms' tasks for Celery."""

from billing.jobs.tasks import work_on_job
from billing.records.tasks import work_on_practice_export, work_on_record_export

__all__ = ["work_on_job", "work_on_practice_export", "work_on_record_export"]
