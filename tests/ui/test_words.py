"""Every sentence of the screens stands in each language that they speak."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapclinic.ui.languages import LANGUAGES

JS = Path(__file__).resolve().parent.parent.parent / "kapclinic" / "ui" / "static" / "ui" / "js"
ONE = r'"((?:[^"\\]|\\.)*)"'
GAP = re.compile(r"\{(\w+)\}")


def _said(text: str) -> Iterator[str]:
    for found in re.finditer(rf"\bt\(\s*{ONE}", text):
        yield found[1]
    for found in re.finditer(rf'\bmany\([^"]*?{ONE},\s*{ONE}', text):
        yield from found.groups()


def sentences() -> set[str]:
    texts = [path.read_text() for path in sorted(JS.rglob("*.js")) if path.parent.name != "words"]
    code = [re.sub(r"^\s*(//|/?\*).*$", "", text, flags=re.MULTILINE) for text in texts]
    return {sentence for text in code for sentence in _said(text)}


def words(language: str) -> dict[str, str]:
    text = (JS / "words" / f"{language}.js").read_text()
    return dict(re.findall(rf"^\s*{ONE}:\s*{ONE},$", text, flags=re.MULTILINE))


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_sentence_is_missing_and_none_is_left_over(language: str) -> None:
    assert sentences() == set(words(language))


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_a_translation_fills_the_same_gaps(language: str) -> None:
    differ = {
        english: other
        for english, other in words(language).items()
        if set(GAP.findall(english)) != set(GAP.findall(other))
    }
    assert not differ


def test_every_sentence_is_written_out_where_it_is_said() -> None:
    """A variable in `t(…)` would be looked for in no language."""
    hidden = [
        f"{path.relative_to(JS)}: {found[0]}"
        for path in JS.rglob("*.js")
        for found in re.finditer(r"(?<![\w.])t\((?!\s*\")[^)]{0,40}", path.read_text())
        if path.name != "i18n.js"
    ]
    assert not hidden
