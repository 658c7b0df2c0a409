"""At once: a dose, and what would have held it back. One of them comes first, and the other hears of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from kapclinic.core import clock
from screening import services as screening
from sessions.dosing.services import doses
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.racing import race


@pytest.mark.django_db(transaction=True)
def test_a_medicine_waits_for_the_dose_whose_gates_passed_without_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = people.ready_dose(cast)
    judged, listed, early = threading.Event(), threading.Event(), []
    real = doses._require_ready

    def slowly(*given: Any, **more: Any) -> Any:
        found = real(*given, **more)
        judged.set()
        early.append(listed.wait(timeout=0.5))
        return found

    def gives() -> None:
        with clock.fixed(MONDAY):
            people.give(cast, session)

    def lists() -> None:
        judged.wait(timeout=10)
        values = {"client": session.client_id, "text": "Nardil 15 mg"}
        screening.record_medication(values=values, by=cast.np, at=MONDAY)
        listed.set()

    monkeypatch.setattr(doses, "_require_ready", slowly)
    assert race(gives, lists) == []
    assert early == [False]
