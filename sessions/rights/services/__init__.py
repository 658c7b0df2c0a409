"""Verbs of a client's rights, by noun."""

from __future__ import annotations

from sessions.rights.services.amendments import (
    accept_amendment,
    ask_for_amendment,
    deny_amendment,
    extend_amendment,
    keep_disagreement,
    void_amendment,
)
from sessions.rights.services.disclosures import disclose, void_disclosure

__all__ = [
    "accept_amendment",
    "ask_for_amendment",
    "deny_amendment",
    "disclose",
    "extend_amendment",
    "keep_disagreement",
    "void_amendment",
    "void_disclosure",
]
