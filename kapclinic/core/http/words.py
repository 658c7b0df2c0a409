"""What is written in words beside money and its papers: no number of a payment card."""

from __future__ import annotations

from typing import Any

from kapclinic.core.cards import holds_card_number
from kapclinic.core.http.fields import Reason, Text


class Words(Text):
    """Free text of the books, in which no number of a payment card stands (PCI DSS 3)."""

    default_error_messages = {"card_number": "Never enter a card number: its last 4 digits will do."}

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if holds_card_number(text):
            self.fail("card_number")
        return text


class EntryReason(Reason):
    """Why an entry of the books, or a paper of it, is made, taken back or ended."""

    reason = Words(min_length=3, max_length=1000)
