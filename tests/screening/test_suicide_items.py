"""Which item asks about wanting to die is said once: an instrument that joins the list is heard everywhere."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from kapclinic.core import clock
from programs import policy
from programs.policy import SuicideItem
from screening.models import SafetyAlert
from screening.rules.instruments import INSTRUMENTS, Instrument
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import Cast

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def new_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scale of five items from 0 to 3, the third of which asks; nothing else is told of it."""
    monkeypatch.setitem(INSTRUMENTS, "newscale", Instrument(5, 3))  # type: ignore[arg-type]
    monkeypatch.setitem(policy.SUICIDE_ITEMS, "newscale", SuicideItem(3, 2, SafetyAlert.Cause.ITEM_9))


def fill(cast: Cast, session: Session, *answers: int) -> dict[str, Any]:
    body = {
        "program": str(session.program_id),
        "instrument": "newscale",
        "answers": list(answers),
        "taken_at": clock.now().isoformat(),
        "administered_by": str(cast.therapist.pk),
    }
    found: dict[str, Any] = cast.desk("therapist").must("measures/", body)
    return found


def screener(cast: Cast, session: Session) -> str:
    """Where readiness has the suicide screener of today: asked for before the dose, or only advised."""
    found = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
    places = [
        place for place in ("gates", "advice") for row in found[place] if row["code"] == "suicide_screen"
    ]
    return ", ".join(places)


@pytest.mark.usefixtures("new_scale")
def test_a_new_scale_finds_the_client_at_risk(cast: Cast) -> None:
    session = people.ready_dose(cast)
    assert screener(cast, session) == "advice"
    measure = fill(cast, session, 0, 0, 2, 0, 0)
    assert measure["flags"] == ["item_3"]
    assert SafetyAlert.objects.get(program=session.program).cause == SafetyAlert.Cause.ITEM_9
    assert screener(cast, session) == "gates"


@pytest.mark.usefixtures("new_scale")
def test_below_its_value_a_new_scale_says_nothing(cast: Cast) -> None:
    session = people.ready_dose(cast)
    assert fill(cast, session, 3, 3, 1, 3, 3)["flags"] == []
    assert not SafetyAlert.objects.exists()
    assert screener(cast, session) == "advice"


def test_every_cause_of_the_list_is_one_that_an_alert_may_have() -> None:
    assert {row.cause for row in policy.SUICIDE_ITEMS.values()} <= set(SafetyAlert.Cause.values)
    assert set(policy.SUICIDE_ITEMS) <= set(INSTRUMENTS)


def test_no_other_text_says_which_item_asks() -> None:
    """No flag or cause of the list stands as a word of its own in the source."""
    words = {row.flag for row in policy.SUICIDE_ITEMS.values()}
    found = {
        f"{path.relative_to(ROOT)}: {node.value}"
        for app in ("programs", "screening", "sessions", "billing")
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in words
    }
    assert found == set()
