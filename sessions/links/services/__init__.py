"""Verbs of links, by noun; this file gathers what interfaces and other rooms call."""

from sessions.links.services.answers import answer_intake, answer_measure, sign
from sessions.links.services.links import make_link, revoke_link
from sessions.links.services.opening import LinkOver, note_read, try_birth
from sessions.links.services.reminding import link_for_reminder
from sessions.links.services.taking import take_over
from sessions.links.services.visits import answer_visit

__all__ = [
    "LinkOver",
    "answer_intake",
    "answer_measure",
    "answer_visit",
    "link_for_reminder",
    "make_link",
    "note_read",
    "revoke_link",
    "sign",
    "take_over",
    "try_birth",
]
