"""Verbs of phrases: an author's own turns of words, kept by name."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.db import transaction

from kapclinic.core.errors import Conflict
from kapclinic.core.transitions import require_role
from kapclinic.practice.models import User
from sessions.notes import rules
from sessions.notes.models import Phrase


class PhraseExists(Conflict):
    code, title = "phrase_exists", "You have a phrase of this name already"


class PhraseFields(TypedDict, total=False):
    name: str
    text: str


def _require_free(name: str, *, by: User, but: Phrase | None = None) -> None:
    """:raises PhraseExists: when another phrase of the author has the name"""
    same = Phrase.objects.of_author(by).filter(name=name)
    if (same if but is None else same.exclude(pk=but.pk)).exists():
        raise PhraseExists


@transaction.atomic
def keep_phrase(*, name: str, text: str, by: User, at: datetime) -> Phrase:
    """Keep a turn of words under a name; only `by` sees it.

    :raises NotPermitted: for a role that writes no notes
    :raises PhraseExists: when the author has one of this name in use
    """
    require_role(by, rules.ANY_WRITER, what="A phrase")
    _require_free(name, by=by)
    return Phrase(author=by, name=name, text=text).save_by(by, at=at)


@transaction.atomic
def change_phrase(*, phrase: Phrase, values: PhraseFields, by: User, at: datetime) -> Phrase:
    """Change one's own phrase, which the caller has locked; notes that took it keep their words.

    :raises PhraseExists: when the author has another one of this name in use
    """
    phrase.name = values.get("name", phrase.name)
    phrase.text = values.get("text", phrase.text)
    _require_free(phrase.name, by=by, but=phrase)
    return phrase.save_by(by, at=at)


@transaction.atomic
def retire_phrase(*, phrase: Phrase, by: User, at: datetime) -> Phrase:
    """Take one's own phrase, which the caller has locked, out of use; its name is free again."""
    phrase.retired_at = at
    return phrase.save_by(by, at=at)
