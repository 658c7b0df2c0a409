"""Documents that a client signs: which exist, and which version is in force on a day. Texts: `screening/documents/`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

# document -> versions with the first day of each, oldest first. A new text is a new version: files never change.
DOCUMENTS: Mapping[str, tuple[tuple[str, date], ...]] = {
    "kap_treatment": (("1", date(2026, 1, 1)),),
    "privacy": (("1", date(2026, 1, 1)),),
    "telehealth": (("1", date(2026, 1, 1)),),
    "financial": (("1", date(2026, 1, 1)),),
    "release": (("1", date(2026, 1, 1)),),
    "spravato_rems": (("1", date(2026, 1, 1)),),
}
LANGUAGES = ("en",)


def version_in_force(document: str, on: date) -> str:
    """The newest version that had begun by `on`; before all of them, the first."""
    begun = [version for version, first_day in DOCUMENTS[document] if first_day <= on]
    return begun[-1] if begun else DOCUMENTS[document][0][0]
