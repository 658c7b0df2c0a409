"""The demo clinic that `seed_demo` builds: visibly fictional, and alive."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client as Browser

from kapclinic.core import clock
from kapclinic.local.places import CHECKOUT
from kapclinic.practice import services as practice
from kapclinic.practice.entry_models import AuthToken
from kapclinic.practice.management.commands import demo_story
from kapclinic.practice.management.demo.desk import RemoteDesk
from kapclinic.practice.management.demo.places import noon_zone
from kapclinic.practice.models import Client, User
from sessions.reminders.services import sweep_reminders
from sessions.sweep.steps import send_messages, sweep
from tests.cast import Desk
from tests.replay import played

OPENED = datetime(2027, 2, 1, 18, 52, tzinfo=UTC)


@pytest.fixture
def seeded(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The demo clinic in another year; the nurse was at work in it already, with a token of her own."""
    monkeypatch.setenv("KAP_DEMO_PASSWORD", "try-me-please")
    with clock.fixed(OPENED):
        yield played("the demo", _seeded)


def _seeded() -> dict[str, Any]:
    said = StringIO()
    call_command("seed_demo", "--json", stdout=said)
    nurse = User.objects.get(email="np@demo.kapclinic.test")
    own, _ = practice.issue_token(user=nurse, name="at work", at=clock.now())
    found: dict[str, Any] = json.loads(said.getvalue())
    return found | {"nurse": nurse, "token": own}


def test_the_demos_clients_are_reminded_at_addresses_that_do_not_exist(seeded: dict[str, Any]) -> None:
    assert all(email.endswith("@example.test") for email in Client.objects.values_list("email", flat=True))
    assert sweep_reminders(at=OPENED) >= 1
    assert send_messages(at=OPENED) >= 1
    director = Desk(User.objects.get(email="director@demo.kapclinic.test"))
    rows = director.get("messages/", recipient=seeded["client"], status="sent").json()["results"]
    assert ("reminder_booking", "email") in {(row["template"], row["channel"]) for row in rows}
    plans = director.get("reminder-plans/").json()["results"]
    assert [plan["hours_before"] for plan in plans] == [[48, 24, 2]] * 2


def test_the_demos_director_may_let_the_whole_practice_out(seeded: dict[str, Any]) -> None:
    """An export holds both locations: the administrator who asks and the director who decides belong to both."""
    admin, director = (
        Desk(User.objects.get(email=f"{name}@demo.kapclinic.test")) for name in ("admin", "director")
    )
    asked = admin.must("practice-exports/", {"reason": "The clinic moves house"}, status=202)
    assert asked["state"] == "waiting"
    assert director.must(f"practice-exports/{asked['id']}/approve/", status=202)["state"] == "queued"


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
def told(seeded: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The demo clinic, and its story."""
    monkeypatch.setattr(RemoteDesk, "_open", _open)
    waited = demo_story.Command._wait

    def swept(story: Any, desk: Any, obligation_id: str) -> Any:
        sweep(at=clock.now())  # what the worker does
        return waited(story, desk, obligation_id)

    monkeypatch.setattr(demo_story.Command, "_wait", swept)
    played("its story", _lived)
    return seeded


def _lived() -> None:
    call_command("demo_story", stdout=StringIO())


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
    owed = np.get("obligations/", state="booked").json()["results"][0]
    evidence = np.get(f"sessions/{owed['dosing_session']}/evidence/").json()["evidence"]
    assert "100.000" in json.dumps(evidence)  # the dose
    assert np.get(f"sessions/{owed['dosing_session']}/evidence/pdf/").status_code == 200


def test_the_clinic_opens_at_midday_with_something_to_do_for_everybody(told: dict[str, Any]) -> None:
    first, _ = told["locations"]
    desk, np = (Desk(User.objects.get(email=f"{who}@demo.kapclinic.test")) for who in ("frontdesk", "np"))
    place = desk.get(f"locations/{first}/").json()
    assert 11 <= OPENED.astimezone(ZoneInfo(place["time_zone"])).hour < 15
    board = desk.get("day-board/", location=first).json()
    here = [row for row in board["sessions"] if row["column"] in {"arrived", "in_session", "recovery"}]
    assert len({row["room"] for row in here}) >= 3
    (ride,) = [row for row in board["sessions"] if [one["code"] for one in row["blockers"]] == ["escort"]]
    assert ride["status"] == "checked_in"
    assert {"done", "no_show"} <= set(board["counts"])
    watched = {
        row["client_name"]: row for row in np.get("monitoring-board/", location=first).json()["sessions"]
    }
    late, amber = watched["Toni Specimen"], watched["Jules Facade"]
    assert (late["next_check"]["minute"], late["next_check"]["state"], late["overdue"]) == (45, "late", 1)
    assert amber["last_reading"]["bands"]["systolic"] == "amber"
    assert [row["overdue"] for row in watched.values()].count(1) == 1
    (due,) = desk.get("obligations/", state="due").json()["results"]
    closes = datetime.fromisoformat(due["window_end"])
    assert timedelta(hours=2) <= closes - OPENED < timedelta(hours=12)
    assert due["client_name"] == "Kim Pretend"
    (offer,) = desk.get("waitlist-offers/").json()["results"]
    assert datetime.fromisoformat(offer["starts_at"]) > OPENED + timedelta(hours=2)
    past = desk.get("sessions/", kind="dosing", status="completed").json()["results"]
    assert max(Counter(row["client"] for row in past).values()) == 3


def test_nothing_of_midday_is_stale_two_hours_later(told: dict[str, Any]) -> None:
    first, _ = told["locations"]
    with clock.fixed(OPENED + timedelta(minutes=119)):
        sweep(at=clock.now())
        desk = Desk(User.objects.get(email="frontdesk@demo.kapclinic.test"))
        board = desk.get("day-board/", location=first).json()
        (ride,) = [row for row in board["sessions"] if row["client_name"] == "Sam Standin"]
        assert [one["code"] for one in ride["blockers"]] == ["escort"]
        assert len(desk.get("obligations/", state="due").json()["results"]) == 1
        assert len(desk.get("waitlist-offers/").json()["results"]) == 1


def test_somewhere_it_is_midday_at_every_hour_of_the_year() -> None:
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    for _ in range(365 * 24):
        assert moment.astimezone(ZoneInfo(noon_zone(moment))).hour in range(11, 15)
        moment += timedelta(hours=1)


def test_the_clinic_is_ready_when_its_story_is_over(db: None, settings: Any, tmp_path: Path) -> None:
    opening = tmp_path / "opening"
    opening.touch()
    settings.OPENING_FILE = str(opening)
    answer = Browser().get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "opening")
    opening.unlink()
    assert Browser().get("/readyz").status_code == 200
