"""Documents that a client signs: which exist, and which shipped version is in force on a day.

Texts that ship stand in `screening/documents/`. A clinic's own (`ConsentDocument`) stand in their place, each in its
language and from its first day on. `psychotherapy_notes` is a document of its own: an authorization for these is joined
to no other (45 CFR 164.508(b)(3)(ii)), and no treatment waits for it (164.508(b)(4)).
"""

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
    "psychotherapy_notes": (("1", date(2026, 1, 1)),),
}
SHIPPED_LANGUAGES = ("en",)
TELEHEALTH = "telehealth"


def shipped() -> set[tuple[str, str, str]]:
    """Every text that ships, as (document, language, version)."""
    return {
        (document, language, version)
        for document, versions in DOCUMENTS.items()
        for version, _ in versions
        for language in SHIPPED_LANGUAGES
    }


def version_in_force(document: str, on: date) -> str:
    """The newest shipped version that had begun by `on`; before all of them, the first."""
    begun = [version for version, first_day in DOCUMENTS[document] if first_day <= on]
    return begun[-1] if begun else DOCUMENTS[document][0][0]


def stands_on(document: str, *, version: str, since: date | None, until: date | None, on: date) -> bool:
    """Is what was signed in this version in force on that day?

    `since`: the first day of the clinic's own text, None for one that ships. `until`: that of the clinic's next one.
    """
    if until is not None and until <= on:
        return False
    return version == version_in_force(document, on) if since is None else since <= on
