"""What a client filled in, read from a plain form: its values, and by field the sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from sessions.links import rules
from sessions.links.models import ClientLink
from sessions.links.rules import P
from sessions.links.rules.questions import QUESTIONS
from sessions.links.rules.scales import items_of

OF_THE_PAGE = frozenset({"seen", "lang", "language", "month", "day", "year"})
SKIP = "skip"
MOST_CARRIED = 120  # fields of one form
LINES, LINE, NOTE, WISH, NAME, PHONE, RELATIONSHIP = 100, 300, 1000, 500, 120, 30, 60
TRUTHS: Mapping[str, bool | str] = {"yes": True, "no": False, "unknown": "unknown"}


@dataclass
class Form:
    """`sent`: the fields as they were filled in. `values`: what they say. `errors`: field -> name of a sentence."""

    sent: dict[str, str] = field(default_factory=dict)
    values: Any = None
    errors: dict[str, str] = field(default_factory=dict)


def carried(post: QueryDict) -> dict[str, str]:
    """All that was filled in, without what the page itself needs."""
    names = [name for name in post if name not in OF_THE_PAGE][:MOST_CARRIED]
    return {name: str(post[name]).replace("\x00", "") for name in names}


def kept(post: QueryDict) -> Form:
    """The form as it was filled in so far; nobody judges it yet."""
    return Form(sent=carried(post))


def birth(post: QueryDict) -> date | None:
    """The date that was entered; None for one that is not whole."""
    try:
        year, month, day = (int(post.get(name, "").strip()) for name in ("year", "month", "day"))
        return date(year, month, day) if year >= 1900 else None
    except ValueError:
        return None


def read(link: ClientLink, post: QueryDict, *, at: datetime) -> Form:
    """The form of this link's purpose."""
    form = kept(post)
    if link.purpose == P.MEASURE:
        _measure(link, form)
    elif link.purpose == P.CONSENT:
        _consent(form)
    elif link.purpose == P.INTAKE:
        _intake(form)
    else:
        _visit(link, form, at=at)
    return form


def _measure(link: ClientLink, form: Form) -> None:
    answers: list[int | None] = []
    for item in items_of(link.instrument, "en"):
        name = f"item{item.number}"
        said = form.sent.get(name, SKIP if item.optional else "")
        if said == SKIP:
            answers.append(None)
        elif said.isascii() and said.isdigit() and int(said) < len(item.answers):
            answers.append(int(said))
        else:
            form.errors[name] = "choose"
    form.values = answers


def _consent(form: Form) -> None:
    name = form.sent.get("name", "").strip()
    if not 2 <= len(name) <= NAME:
        form.errors["name"] = "consent_name_bad"
    if form.sent.get("agree") != "yes":
        form.errors["agree"] = "consent_agree_bad"
    form.values = name


def _intake(form: Form) -> None:
    answers: dict[str, rules.WordedAnswer] = {}
    for code in QUESTIONS:
        said, note = form.sent.get(code, ""), form.sent.get(f"{code}_note", "").strip()
        if said not in TRUTHS:
            form.errors[code] = "choose"
            continue
        if len(note) > NOTE:
            form.errors[f"{code}_note"] = "note_bad"
        answers[code] = rules.WordedAnswer(value=TRUTHS[said])
        if note:
            answers[code]["note"] = note
    medicines = _lines(form, "medicines", "medicines_bad")
    form.values = rules.IntakeAnswer(answers=answers, medicines=medicines)


def _lines(form: Form, name: str, wrong: str) -> list[str]:
    lines = list(dict.fromkeys(filter(None, map(str.strip, form.sent.get(name, "").splitlines()))))
    if len(lines) > LINES or any(len(line) > LINE for line in lines):
        form.errors[name] = wrong
    return lines


def _visit(link: ClientLink, form: Form, *, at: datetime) -> None:
    session = link.session
    assert session is not None
    said = form.sent.get("coming", "")
    if said not in {"yes", "move"}:
        form.errors["coming"] = "choose"
    given = rules.VisitAnswer(coming=said == "yes")
    wish = form.sent.get("wish", "").strip()
    if len(wish) > WISH:
        form.errors["wish"] = "wish_bad"
    if wish and said == "move":
        given["wish"] = wish
    if said == "yes" and rules.is_checked(session, at=at):
        _check(form, given)
    form.values = (_moment(form.sent.get("starts_at", "")), given)


def _moment(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def _check(form: Form, given: rules.VisitAnswer) -> None:
    """The check of the day before a dose."""
    for name in ("fasting", "ride", "new"):
        if form.sent.get(name) not in {"yes", "no"}:
            form.errors[name] = "choose"
    given["fasting"] = form.sent.get("fasting") == "yes"
    given["ride"] = _ride(form) if form.sent.get("ride") == "yes" else None
    given["medicines"] = []
    if form.sent.get("new") == "yes":
        given["medicines"] = _lines(form, "medicines", "medicines_bad")
        if not given["medicines"]:
            form.errors["medicines"] = "new_medicines_bad"


def _ride(form: Form) -> rules.Ride | None:
    name, phone, who = (
        form.sent.get(f"ride_{part}", "").strip() for part in ("name", "phone", "relationship")
    )
    if not 1 <= len(name) <= NAME or not 1 <= len(phone) <= PHONE or len(who) > RELATIONSHIP:
        form.errors["ride_name"] = "ride_bad"
        return None
    return rules.Ride(name=name, phone=phone, relationship=who)
