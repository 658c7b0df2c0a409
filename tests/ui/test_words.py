"""Every sentence of the screens stands in each language that they speak."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kapclinic.ui.languages import LANGUAGES

JS = Path(__file__).resolve().parent.parent.parent / "kapclinic" / "ui" / "static" / "ui" / "js"
ONE = r'"((?:[^"\\]|\\.)*)"'
SHARED = ("core", "frame", "outbox", "signin", "signs")
AREAS = ("bedside", "desk", "safe")
GAP = re.compile(r"\{(\w+)\}")


def _said(text: str) -> Iterator[str]:
    for found in re.finditer(rf"\bt\(\s*{ONE}", text):
        yield found[1]
    for found in re.finditer(rf'\bmany\([^"]*?{ONE},\s*{ONE}', text):
        yield from found.groups()


def sentences(*folders: str) -> set[str]:
    texts = [path.read_text() for folder in folders for path in sorted((JS / folder).rglob("*.js"))]
    code = [re.sub(r"^\s*(//|/?\*).*$", "", text, flags=re.MULTILINE) for text in texts]
    return {sentence for text in code for sentence in _said(text)}


def words(language: str, area: str) -> dict[str, str]:
    text = (JS / "words" / language / f"{area}.js").read_text()
    return dict(re.findall(rf"^\s*{ONE}:\s*{ONE},$", text, flags=re.MULTILINE))


OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("area", AREAS)
def test_no_sentence_of_a_page_is_missing(language: str, area: str) -> None:
    known = words(language, "frame").keys() | words(language, area).keys()
    assert sentences(*SHARED, area) <= known


@pytest.mark.parametrize("language", OTHERS)
def test_none_is_left_over_or_said_twice(language: str) -> None:
    told = [sentence for area in ("frame", *AREAS) for sentence in words(language, area)]
    assert sorted(told) == sorted(sentences(*SHARED, *AREAS))


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("area", ["frame", *AREAS])
def test_a_translation_fills_the_same_gaps(language: str, area: str) -> None:
    differ = {
        english: other
        for english, other in words(language, area).items()
        if set(GAP.findall(english)) != set(GAP.findall(other))
    }
    assert not differ


def test_every_folder_is_shared_or_an_area() -> None:
    assert {path.name for path in JS.iterdir()} == {*SHARED, *AREAS, "words"}


def test_every_sentence_is_written_out_where_it_is_said() -> None:
    """A variable in `t(…)` would be looked for in no language."""
    hidden = [
        f"{path.relative_to(JS)}: {found[0]}"
        for path in JS.rglob("*.js")
        for found in re.finditer(r"(?<![\w.])t\((?!\s*\")[^)]{0,40}", path.read_text())
        if path.name != "i18n.js"
    ]
    assert not hidden
