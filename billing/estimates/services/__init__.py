"""Verbs of the estimates."""

from billing.estimates.services.estimates import ask_estimate, issue_estimate, pdf_of, void_estimate
from billing.estimates.services.excess import WATCHER
from billing.estimates.services.overdue import sweep_estimate_due

__all__ = ["WATCHER", "ask_estimate", "issue_estimate", "pdf_of", "sweep_estimate_due", "void_estimate"]
