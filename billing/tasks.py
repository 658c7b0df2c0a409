"""Gathers the rooms' tasks for Celery."""

from billing.jobs.tasks import work_on_job

__all__ = ["work_on_job"]
