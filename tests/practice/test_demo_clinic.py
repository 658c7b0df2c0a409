"""The demo clinic that `seed_demo` builds: visibly fictional, and alive."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client as Browser

from kapclinic.core import clock
from kapclinic.local.places import CHECKOUT
from kapclinic.practice import services as practice
from kapclinic.practice.management.commands import demo_story
from kapclinic.practice.management.demo.desk import RemoteDesk
from kapclinic.practice.models import AuthToken, Client, User
from sessions.reminders.services import sweep_reminders
from sessions.sweep.steps import send_messages, sweep
from tests.cast import Desk


@pytest.mark.django_db
def test_the_demos_clients_are_reminded_at_addresses_that_do_not_exist(now: datetime) -> None:
    said = StringIO()
    call_command("seed_demo", "--json", stdout=said)
    told = json.loads(said.getvalue())
    assert all(email.endswith("@example.test") for email in Client.objects.values_list("email", flat=True))
    assert sweep_reminders(at=now) >= 1
    assert send_messages(at=now) >= 1
    director = Desk(User.objects.get(email="director@demo.kapclinic.test"))
    rows = director.get("messages/", recipient=told["client"], status="sent").json()["results"]
    assert ("reminder_booking", "email") in {(row["template"], row["channel"]) for row in rows}
    (plan,) = director.get("reminder-plans/").json()["results"]
    assert plan["hours_before"] == [48, 24, 2]


# --- its story --------------------------------------------------------------------------------------------------------


class Answer(BytesIO):
    """What `urlopen` gives, of an answer of Django's own client."""

    def __init__(self, answer: Any) -> None:
        super().__init__(answer.content)
        assert answer.status_code < 400, answer.content
        self.headers = self
        self.cookies = [morsel.OutputString() for morsel in answer.cookies.values()]

    def get_all(self, name: str) -> list[str]:
        return self.cookies


def _open(
    desk: RemoteDesk, method: str, path: str, body: Any, headers: dict[str, str] | None = None
) -> Answer:
    """A request of the story, without a network between."""
    data = "" if body is None else json.dumps(body, default=str)
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
    browser = Browser()
    return Answer(
        browser.generic(method, f"/api/v1/{path}", data, content_type="application/json", secure=True, **sent)
    )


@pytest.fixture
def told(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The demo clinic in another year, and its story; the nurse was at work in it already, with a token of her own."""
    said = StringIO()
    monkeypatch.setenv("KAP_DEMO_PASSWORD", "try-me-please")
    monkeypatch.setattr(RemoteDesk, "_open", _open)
    waited = demo_story.Command._wait

    def swept(story: Any, desk: Any, obligation_id: str) -> Any:
        sweep(at=clock.now())  # what the worker does
        return waited(story, desk, obligation_id)

    monkeypatch.setattr(demo_story.Command, "_wait", swept)
    with clock.fixed(datetime(2027, 2, 1, 18, 0, tzinfo=UTC)):
        call_command("seed_demo", "--json", stdout=said)
        nurse = User.objects.get(email="np@demo.kapclinic.test")
        own, _ = practice.issue_token(user=nurse, name="at work", at=clock.now())
        call_command("demo_story", stdout=StringIO())
        yield json.loads(said.getvalue()) | {"nurse": nurse, "token": own}


def test_the_story_of_another_year_ends_its_own_tokens_alone_and_the_readme_shows_its_day(
    told: dict[str, Any],
) -> None:
    told["token"].refresh_from_db()
    assert told["token"].revoked_at is None
    assert AuthToken.objects.filter(name="demo story").count() == 3
    assert not AuthToken.objects.filter(name="demo story", revoked_at__isnull=True).exists()

    readme = (CHECKOUT / "README.md").read_text()
    assert re.search(r"DOSED=.*obligations/\?state=booked.*dosing_session", readme)
    assert set(re.findall(r"sessions/\$(\w+)/evidence/pdf/", readme)) == {"DOSED"}
    np = Desk(told["nurse"])
    (owed,) = np.get("obligations/", state="booked").json()["results"]
    evidence = np.get(f"sessions/{owed['dosing_session']}/evidence/").json()["evidence"]
    assert "100.000" in json.dumps(evidence)  # the dose
    assert np.get(f"sessions/{owed['dosing_session']}/evidence/pdf/").status_code == 200


def test_the_clinic_is_ready_when_its_story_is_over(db: None, settings: Any, tmp_path: Path) -> None:
    opening = tmp_path / "opening"
    opening.touch()
    settings.OPENING_FILE = str(opening)
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "opening")
    opening.unlink()
    assert Browser().get("/readyz").status_code == 200
