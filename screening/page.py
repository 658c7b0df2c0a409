"""A consent on paper: the exact words, and who signed them, how and when."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kapclinic.core import paper
from screening.models import Consent
from screening.rules import signatures
from screening.rules.reading import Block, blocks

TEMPLATE = Path(__file__).parent / "consent.typ"
WORDS = {
    "en": {
        "heading": "Record of the signature",
        "heads": ["What", "Said"],
        "client": "Client",
        "signer": "Signed by",
        "relationship": "Signs as",
        "self": "the client",
        "guardian": "guardian",
        "proxy": "health care proxy",
        "": "",
        "method": "Signed",
        "typed": "name typed",
        "drawn": "signature drawn",
        "signed_at": "When",
        "collected": "In the presence of",
        "version": "Document, version",
        "hash": "SHA-256 of the text",
        "draft": "Not signed.",
        "revoked": "Withdrawn on",
        "alt": "The signature as it was drawn",
        "unread": "The drawn signature is kept, but can't be printed.",
    },
    "es": {
        "heading": "Constancia de la firma",
        "heads": ["Dato", "Contenido"],
        "client": "Paciente",
        "signer": "Firmado por",
        "relationship": "Firma como",
        "self": "paciente",
        "guardian": "tutor legal",
        "proxy": "representante para la atención médica",
        "": "",
        "method": "Forma",
        "typed": "nombre escrito",
        "drawn": "firma dibujada",
        "signed_at": "Fecha",
        "collected": "En presencia de",
        "version": "Documento, versión",
        "hash": "SHA-256 del texto",
        "draft": "Sin firmar.",
        "revoked": "Retirado el",
        "alt": "La firma tal como se dibujó",
        "unread": "La firma dibujada se conserva, pero no se puede imprimir.",
    },
}


def print_consent(consent: Consent) -> bytes:
    """The consent as PDF/UA; a draft says that it is not signed. The same row gives the same bytes."""
    at = consent.revoked_at or consent.signed_at or consent.created_at
    content = content_of(consent)
    try:
        pdf, _ = paper.render_pdf(template=TEMPLATE, content=content, at=at)
    except (
        RuntimeError
    ):  # a picture that the printer can't read: the words and the record are printed all the same
        unread = content | {
            "picture": [],
            "state": f"{content['state']} {WORDS[consent.language]['unread']}".strip(),
        }
        pdf, _ = paper.render_pdf(template=TEMPLATE, content=unread, at=at)
    return pdf


def content_of(consent: Consent) -> dict[str, Any]:
    """All that the paper says, as text in the clinic's own time."""
    words: dict[str, Any] = WORDS[consent.language]
    client, location = consent.program.client, consent.program.location
    title, text = _titled(blocks(consent.text))
    facts = [[words["client"], f"{client.legal_name}, {client.mrn}"]]
    if consent.signed_at is not None:
        by = consent.collected_by.name if consent.collected_by else ""
        facts += [
            [words["signer"], consent.signer_name],
            [words["relationship"], words[consent.signer_relationship]],
            [words["method"], words[consent.method]],
            [words["signed_at"], _local(consent.signed_at, location.zone)],
            [words["collected"], by],
        ]
    facts += [
        [words["version"], f"{consent.document}, {consent.document_version}"],
        [words["hash"], consent.content_hash],
    ]
    state = "" if consent.signed_at else words["draft"]
    if consent.revoked_at is not None:
        state = f"{words['revoked']} {_local(consent.revoked_at, location.zone)}"
    return {
        "title": title or consent.document,
        "language": consent.language,
        "footer": location.name,
        "blocks": [asdict(block) for block in text],
        "heading": words["heading"],
        "heads": words["heads"],
        "facts": [row for row in facts if row[1]],
        "state": state,
        "picture": list(_picture(consent)),
        "alt": words["alt"],
    }


def _titled(text: list[Block]) -> tuple[str, list[Block]]:
    """The words of the text's first heading, and the text with it in the highest rank, as PDF/UA has it; or none."""
    first = next((block for block in text if block.kind in {"h2", "h3"}), None)
    if first is None:
        return "", text
    title = "".join(span.text for span in first.rows[0])
    return title, [replace(block, kind="h2") if block is first else block for block in text]


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _picture(consent: Consent) -> bytes:
    """The drawing, of a signature that was drawn; nothing for one from before drawings were looked at."""
    if consent.method != Consent.Method.DRAWN or not consent.signature.startswith(signatures.PREFIX):
        return b""
    try:
        return base64.b64decode(consent.signature.removeprefix(signatures.PREFIX), validate=True)
    except binascii.Error:
        return b""
