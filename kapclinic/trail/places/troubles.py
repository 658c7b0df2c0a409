"""What a place may answer in place of doing what it is asked."""

from __future__ import annotations


class Away(Exception):
    """The place did not take, list or give what it was asked for; the words name no secret."""
