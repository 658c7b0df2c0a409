"""Small words of refusals: an article that fits, and each sentence once."""

from __future__ import annotations

from collections.abc import Iterable


def a(noun: str) -> str:
    """The noun with its article: a dosing, an integration."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def once(sentences: Iterable[str]) -> str:
    """The sentences one after the other, each a single time and with its full stop."""
    whole = (sentence if sentence[-1:] in ".?!" else f"{sentence}." for sentence in sentences if sentence)
    return " ".join(dict.fromkeys(whole))
