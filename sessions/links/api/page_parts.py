"""What stands on the pages behind a link, and what sending one of them does."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing

from screening.rules.reading import blocks
from sessions.booking.selectors.video import video_url_of
from sessions.links import rules, services
from sessions.links.api.page_forms import SKIP, Form
from sessions.links.models import ClientLink
from sessions.links.rules import P
from sessions.links.rules.questions import QUESTIONS, question
from sessions.links.rules.scales import NAMES, WORDINGS, items_of
from sessions.links.rules.words import when, words

SALT = "kapclinic.client-link"
DANGER = "danger_lead"  # said in place of the thanks, after an answer that points at danger


def seen(link: ClientLink, *, at: datetime) -> str:
    """A signed word that the client of this link gave their birth date; it counts for an hour."""
    return signing.dumps([str(link.pk), (at + rules.SEEN_FOR).timestamp()], salt=SALT)


def is_seen(word: str, *, link: ClientLink, at: datetime) -> bool:
    try:
        pk, until = signing.loads(word, salt=SALT)
    except signing.BadSignature:
        return False
    return bool(UUID(pk) == link.pk and at.timestamp() < until)


def asked(link: ClientLink, form: Form, *, language: str, at: datetime) -> dict[str, Any]:
    """All that the page of this purpose shows beside its words."""
    said = words(language)
    client = link.client
    shown: dict[str, Any] = {
        "who": client.chosen_name or client.legal_first_name,
        "phone": link.program.location.phone,
        "sent": form.sent,
        "errors": {name: said[word] for name, word in form.errors.items()},
    }
    if link.purpose == P.MEASURE:
        shown |= _measure(link, form, language=language)
    elif link.consent is not None:
        shown |= {"text": blocks(link.consent.text), "text_lang": link.consent.language}
    elif link.purpose == P.INTAKE:
        shown["questions"] = [_question(code, form, language=language) for code in QUESTIONS]
    else:
        shown["visit"] = visit(link, language=language, at=at)
    return shown


def _measure(link: ClientLink, form: Form, *, language: str) -> dict[str, Any]:
    said, wording = words(language), WORDINGS.get((link.instrument, language))
    rows = []
    for item in items_of(link.instrument, language):
        name = f"item{item.number}"
        choices = [(str(n), text) for n, text in enumerate(item.answers)]
        rows.append(
            {
                "name": name,
                "label": f"{item.number}. {item.text}" if item.text else f"{said['item']} {item.number}",
                "choices": [*choices, (SKIP, said["skip"])],
                "chosen": form.sent.get(name, ""),
                "error": said.get(form.errors.get(name, ""), ""),
            }
        )
    lead = wording.lead if wording else said["numbered"]
    return {
        "rows": rows,
        "lead": lead,
        "scale": NAMES[link.instrument],
        "notice": wording.notice if wording else "",
    }


def _question(code: str, form: Form, *, language: str) -> dict[str, Any]:
    said, note = words(language), f"{code}_note"
    return {
        "name": code,
        "label": question(code, language),
        "choices": [(value, said[value]) for value in ("no", "yes", "unknown")],
        "chosen": form.sent.get(code, ""),
        "error": said.get(form.errors.get(code, ""), ""),
        "note": note,
        "noted": form.sent.get(note, ""),
        "note_error": said.get(form.errors.get(note, ""), ""),
    }


def visit(link: ClientLink, *, language: str, at: datetime) -> dict[str, Any]:
    """The session that a link is about: when, where, and how to join it by video."""
    session = link.session
    assert session is not None
    place = session.location
    address = video_url_of(session.pk)
    now = rules.may_join(session, at=at)
    return {
        "join": address if now else "",
        "joins_later": bool(address) and not now and rules.is_ahead(session, at=at),
        "starts_at": session.starts_at.isoformat(),
        "when": when(session.starts_at.astimezone(place.zone), language),
        "place": place.name,
        "phone": place.phone,
        "by_video": session.modality == "video",
        "is_checked": rules.is_checked(session, at=at),
    }


def act(link: ClientLink, form: Form, *, language: str, at: datetime) -> str:
    """Do what the form asks, and say by which words it is answered."""
    if link.purpose == P.MEASURE:
        measure = services.answer_measure(link_id=link.pk, answers=form.values, language=language, at=at)
        return DANGER if measure.alerts.exists() else "done_lead"
    if link.purpose == P.CONSENT:
        services.sign(link_id=link.pk, signer_name=form.values, language=language, at=at)
        return "done_lead"
    if link.purpose == P.INTAKE:
        services.answer_intake(link_id=link.pk, given=form.values, language=language, at=at)
        return DANGER if form.values["answers"]["PSY_SI"]["value"] is True else "done_lead"
    starts_at, given = form.values
    services.answer_visit(link_id=link.pk, starts_at=starts_at, given=given, language=language, at=at)
    return "done_lead" if given["coming"] else "moved_done"
