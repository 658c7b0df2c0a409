"""Verbs of attachments and legal holds, by noun."""

from __future__ import annotations

from sessions.files.services.attachments import attach, reseal_attachments, void_attachment
from sessions.files.services.holds import UnderLegalHold, hold_both, hold_record, lift_hold, require_no_hold

__all__ = [
    "UnderLegalHold",
    "attach",
    "hold_both",
    "hold_record",
    "lift_hold",
    "require_no_hold",
    "reseal_attachments",
    "void_attachment",
]
