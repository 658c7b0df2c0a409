"""Questions about an absence."""

from sessions.absences.selectors.impact import Absence, broken, windows_lost
from sessions.absences.selectors.ways_out import Proposals, Replacement, proposals, replace

__all__ = [
    "Absence",
    "Proposals",
    "Replacement",
    "broken",
    "proposals",
    "replace",
    "windows_lost",
]
