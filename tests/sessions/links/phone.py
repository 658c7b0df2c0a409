"""A client's phone: it opens a link, gives the birth date, fills in what it is shown, and sends it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from django.test import Client as Browser

from programs.models import Program
from sessions.links.models import ClientLink
from tests.cast import Cast

BORN = {"year": "1985", "month": "3", "day": "2"}  # Robin Sample's
WRONG = BORN | {"day": "3"}


@dataclass
class Phone:
    """`page` is what it shows last, `seen` the word that the page carries."""

    url: str
    browser: Browser = field(default_factory=lambda: Browser(enforce_csrf_checks=True))
    page: Any = None
    sent: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.url.removeprefix("http://testserver")

    @property
    def text(self) -> str:
        return unescape(self.page.content.decode())

    @property
    def seen(self) -> str:
        found = re.search(r'name="seen" value="([^"]+)"', self.text)
        assert found, self.text
        return found[1]

    def look(self, **headers: Any) -> int:
        self.page = self.browser.get(self.path, headers=headers)
        return int(self.page.status_code)

    def born(self, said: dict[str, str] = BORN, **more: str) -> int:
        self.page = self.browser.post(self.path, said | more)
        return int(self.page.status_code)

    def send(self, **filled: str) -> int:
        shown = re.search(r'name="starts_at" value="([^"]+)"', self.text)
        more = {"starts_at": unescape(shown[1])} if shown else {}
        self.sent = {"seen": self.seen} | more | filled
        return self.send_again()

    def send_again(self) -> int:
        """The last form once more: a double press, or the back button."""
        self.page = self.browser.post(self.path, self.sent)
        return int(self.page.status_code)


def phq9(*answers: int) -> dict[str, str]:
    return {f"item{n}": str(value) for n, value in enumerate(answers, 1)}


def link(
    cast: Cast, program: Program, purpose: str, subject: Any, *, who: str = "frontdesk"
) -> dict[str, Any]:
    body = {"client": str(program.client_id), "purpose": purpose, "subject": subject}
    return cast.desk(who).must("client-links/", body)


def measure_link(cast: Cast, program: Program, instrument: str = "phq9", **more: Any) -> dict[str, Any]:
    subject = {"program": str(program.pk), "instrument": instrument}
    return link(cast, program, "measure", subject, **more)


def row(made: dict[str, Any]) -> ClientLink:
    found: ClientLink = ClientLink.objects.get(pk=made["id"])
    return found
