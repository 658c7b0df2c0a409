"""A mailbox as a place: what was sent there stays with whoever reads it."""

from __future__ import annotations

from dataclasses import dataclass
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage

from kapclinic.trail.places.troubles import Away

NOWHERE = ("console", "dummy")  # backends that send nothing


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One address. It can't be read again from here."""

    to: str
    sender: str
    readable = False

    def put(self, name: str, text: str) -> None:
        """Send the file. Its text names no client: lots are ids, links are hashes."""
        if any(f".{word}." in settings.EMAIL_BACKEND for word in NOWHERE):
            raise Away("EMAIL_URL sends nothing")
        message = EmailMessage(subject=name, body=text, from_email=self.sender, to=[self.to])
        try:
            message.send()
        except (SMTPException, OSError) as exc:
            raise Away(f"the mail did not leave: {type(exc).__name__}") from exc

    def names(self, *, after: str = "") -> list[str]:
        return []

    def get(self, name: str) -> str:
        raise Away("a mailbox is not read from here")
