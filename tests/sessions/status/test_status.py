"""`status/` and `/metrics`: what waits is counted, for an administrator and for Prometheus alone."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from kapclinic.backup import keeping
from kapclinic.backup.management.commands import keep_backups
from kapclinic.backup.sealing import Keys
from kapclinic.backup.shelf import Shelf
from kapclinic.core import clock, crypto
from kapclinic.local.places import CHECKOUT
from kapclinic.practice.models import SYSTEM, SYSTEM_ID
from kapclinic.trail import anchors
from kapclinic.trail.models import AnchorKeeping, BackupWord, FieldKeyWord, Heartbeat, Outbox
from sessions.integration.models import Obligation
from sessions.monitoring import services as monitoring
from sessions.status import rules, selectors
from tests import cast as people
from tests.asking import done, refused
from tests.cast import MONDAY, Cast

TOKEN = "a token of thirty-two characters, or of more"


def standing(cast: Cast, *, later: timedelta = timedelta()) -> Any:
    with clock.fixed(MONDAY + later):
        return done(cast.desk("admin").get("status/"), 200)


def of(told: dict[str, Any], what: str) -> dict[str, int]:
    return {row["kind"]: row["count"] for row in told["waiting"][what]}


def figures(browser: Browser | None = None) -> dict[tuple[str, str], float]:
    """(name, label) -> figure, as a Prometheus with the token reads them."""
    answer = (browser or Browser()).get("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    assert answer.status_code == 200, answer.content
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def asked(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def message(status: str, **more: Any) -> None:
    values = {
        "key": f"{status}-{Outbox.objects.count()}",
        "template": "alarm",
        "recipient": SYSTEM_ID,
        "status": status,
        "next_at": MONDAY - timedelta(hours=1),
        "created_at": MONDAY - timedelta(hours=1),
    }
    Outbox.objects.create(**values | more)


# --- what an administrator reads ---------------------------------------------------------------------------


def test_a_quiet_machine_has_no_concern(cast: Cast) -> None:
    for step in selectors.standing(at=MONDAY).steps:
        Heartbeat.objects.update_or_create(
            name=step.name, defaults={"beat_at": MONDAY, "period_seconds": step.period_seconds}
        )
    told = standing(cast)
    assert [one for one in told["concerns"] if one != "broker_away"] == []
    assert {step["is_late"] for step in told["steps"]} == {False}
    assert {row["count"] for rows in told["waiting"].values() for row in rows} == {0}
    assert told["connections_max"] > sum(told["connections"].values()) > 0


def test_what_waits_is_counted_and_told_as_a_concern(cast: Cast) -> None:
    people.dosed_session(cast)
    Heartbeat.objects.filter(name="checks").update(beat_at=MONDAY - timedelta(minutes=9))
    message("dead")
    message("pending", attempts=3)
    message("pending", channel="sms", next_at=MONDAY + timedelta(days=2))  # a reminder whose time is not here
    late = timedelta(hours=2)
    before = standing(cast, later=late)
    assert of(before, "checks")["due"] > 0
    assert (of(before, "dead"), of(before, "outbox")) == ({"email": 1, "sms": 0}, {"email": 1, "sms": 0})
    assert of(before, "retrying") == {"email": 1, "sms": 0}
    assert of(before, "obligations") == {"due": 1, "booked": 0, "missed": 0}
    assert {"step_late", "checks_wait", "messages_dead", "outbox_waits"} <= set(before["concerns"])
    assert "alarms_wait" not in before["concerns"]
    monitoring.sweep_checks(at=MONDAY + late)
    owed = Obligation.objects.get()
    owed.state = Obligation.State.MISSED
    owed.save_by(SYSTEM, at=MONDAY + late)
    after = standing(cast, later=late)
    assert of(after, "alarms")["new"] > 0
    assert of(after, "obligations") == {"due": 0, "booked": 0, "missed": 1}
    old = standing(cast, later=late + timedelta(hours=2))
    assert of(old, "alarms") == {"new": 0, "waiting": 0, "old": of(after, "alarms")["new"]}
    assert "alarms_wait" in old["concerns"]


@pytest.mark.usefixtures("asked")
def test_what_is_unwell_at_readyz_is_a_concern_and_a_figure(cast: Cast) -> None:
    parts = {
        "anchors": "anchors_fail",
        "field_keys": "field_keys_wrong",
        "database_log": "database_log_tells",
    }
    well = standing(cast)
    assert (set(well["parts"].values()), set(parts.values()) & set(well["concerns"])) == ({True}, set())
    AnchorKeeping.objects.create(name=anchors.ROW, failing_since=MONDAY - timedelta(hours=1))
    FieldKeyWord.objects.update_or_create(id=FieldKeyWord.ONE, defaults={"sealed": b"of another clinic"})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL log_parameter_max_length_on_error = 100")
    try:
        told = standing(cast)
        assert told["parts"] == {"anchors": False, "field_keys": False, "database_log": False}
        assert set(parts.values()) <= set(told["concerns"])
        with clock.fixed(MONDAY):
            shown = figures()
        assert [shown["kapclinic_part_well", name] for name in parts] == [0, 0, 0]
    finally:
        crypto.distrust(lost=False)


@pytest.mark.usefixtures("asked")
def test_what_the_backups_say_is_told_and_so_is_that_nobody_knows(
    cast: Cast, settings: Any, tmp_path: Path
) -> None:
    names = ("kapclinic_backups_known", "kapclinic_backups_well", "kapclinic_backup_age_seconds")

    def seen() -> tuple[Any, bool, list[str]]:
        told = standing(cast)
        with clock.fixed(MONDAY):
            shown = figures()
        return told["backups"], "backups_fail" in told["concerns"], [str(shown[name, ""]) for name in names]

    assert seen() == (None, False, ["0.0", "nan", "nan"])
    settings.BACKUP_STATUS = str(tmp_path / "backups.json")
    unread = {"is_well": False, "newest_seconds": None, "told_seconds": None}
    assert seen() == (unread, True, ["1.0", "0.0", "inf"])
    keeper = keeping.Keeper(
        shelf=Shelf(tmp_path, Keys.parsed([base64.b64encode(bytes(32)).decode()])), url="", programs=None, staging=tmp_path,
        hours=24, every=1, now=lambda: MONDAY - timedelta(minutes=1), told=tmp_path / "backups.json",
    )  # type: ignore[arg-type]  # fmt: skip
    keeper._tell("")  # none was taken yet
    assert seen() == (unread | {"told_seconds": 60.0}, True, ["1.0", "0.0", "inf"])
    said = json.loads((tmp_path / "backups.json").read_text())
    assert said == json.loads((tmp_path / "status.json").read_text())
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("backups.json", "status.json")] == [
        0o644,
        0o600,
    ]
    began = (MONDAY - timedelta(hours=3)).isoformat()
    for change, well in (
        ({"ok": True, "newest_began_at": began}, True),
        ({"ok": False}, False),
        ({"ok": True, "at": (MONDAY - timedelta(minutes=6)).isoformat()}, False),
        ({"at": MONDAY.isoformat(), "newest_began_at": (MONDAY - timedelta(days=3)).isoformat()}, False),
    ):
        said |= change
        (tmp_path / "backups.json").write_text(json.dumps(said))
        told, concern, _ = seen()
        assert (told["is_well"], concern) == (well, not well)
    (tmp_path / "backups.json").write_text('{"at": 1}')
    assert seen()[0] == unread


@pytest.mark.usefixtures("asked")
def test_a_web_that_does_not_see_the_disk_of_the_backups_reads_what_they_said_in_the_database(
    cast: Cast, tmp_path: Path
) -> None:
    minute = timedelta(minutes=1)
    heard: list[object] = []

    def tell(content: Any) -> None:
        heard.append(content["ok"])
        keep_backups.tell(content)

    keeper = keeping.Keeper(
        shelf=Shelf(tmp_path, Keys.parsed([base64.b64encode(bytes(32)).decode()])), url="", programs=None, staging=tmp_path,
        hours=24, every=1, now=clock.now, tell=tell,
    )  # type: ignore[arg-type]  # fmt: skip
    for after, times in ((0, 1), (30, 1), (61, 2)):  # each minute, unless it has changed
        with clock.fixed(MONDAY - 2 * minute + timedelta(seconds=after)):
            keeper._tell("")
        assert len(heard) == times
    told = standing(cast)
    assert told["backups"] == {"is_well": False, "newest_seconds": None, "told_seconds": 59.0}
    assert "backups_fail" in told["concerns"]
    began = (MONDAY - timedelta(hours=3)).isoformat()
    with clock.fixed(MONDAY - minute):
        keeper._let_hear({"ok": True, "newest_began_at": began})
    assert standing(cast)["backups"] == {"is_well": True, "newest_seconds": 10800.0, "told_seconds": 60.0}
    assert BackupWord.objects.update(told_at=MONDAY - 6 * minute) == 1
    assert standing(cast)["backups"]["is_well"] is False  # silent since


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_hear_keeps_no_log_from_being_shipped(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.BACKUP_KEY = [base64.b64encode(bytes(32)).decode()]
    monkeypatch.setattr(keep_backups, "LOCK", "50ms")
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", dict(connection.settings_dict["OPTIONS"]))
    monkeypatch.setattr(keep_backups.signal, "signal", lambda *_: None)
    monkeypatch.setattr(keeping.Keeper, "run", lambda keeper: keeper._let_hear(said))
    said = {"ok": True, "newest_began_at": None}
    call_command("keep_backups", tmp_path)
    assert connection.connection is None
    word = BackupWord.objects.get()
    assert word.ok
    waits = connection.get_connection_params()
    assert (waits["connect_timeout"], waits["tcp_user_timeout"]) == (10, 10_000)
    said["ok"] = False
    keeper = keeping.Keeper(
        shelf=None, url="", programs=None, staging=tmp_path, hours=24, every=1, now=clock.now, tell=keep_backups.tell
    )  # type: ignore[arg-type]  # fmt: skip
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM trail_backupword FOR UPDATE")
        with clock.fixed(MONDAY):
            keeper._let_hear(said)
    finally:
        other.close()
    assert connection.connection is None
    assert [row.getMessage() for row in caplog.records if row.name == keep_backups.__name__] == [
        "backups: the clinic's database hears no word: OperationalError"
    ]
    assert BackupWord.objects.get().told_at == word.told_at
    for after, told in ((30, True), (61, False)):  # it is told again a minute later, not with each look
        with clock.fixed(MONDAY + timedelta(seconds=after)):
            keeper._let_hear(said)
        assert BackupWord.objects.get().ok is told


@pytest.mark.parametrize("who", ["np", "director", "frontdesk", "billing"])
def test_nobody_but_an_administrator_sees_how_the_machine_stands(cast: Cast, who: str) -> None:
    answer = refused(cast.desk(who).get("status/"), 403, "not_permitted")
    assert "steps" not in str(answer)


def test_the_number_of_questions_does_not_grow_with_what_waits(cast: Cast) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            selectors.standing(at=MONDAY)
        return len(asked)

    message("dead")
    one = count()
    for _ in range(49):
        message("dead")
        message("pending")
    assert count() == one == 8


def test_what_is_counted_is_found_by_an_index_of_what_is_open(cast: Cast) -> None:
    """However long the tables are: PostgreSQL, told to avoid reading whole tables, needs to read none."""
    from sessions.status import sql

    values = {"at": MONDAY, "near": MONDAY, "far": MONDAY}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON, COSTS OFF) {sql.OPEN}", values)
        plan = json.dumps(cursor.fetchone()[0])
    assert "Seq Scan" not in plan
    used = set(re.findall(r'"Index Name": "(\w+)"', plan))
    small = {"check_waiting", "alarm_open", "safety_alert_open", "obligation_waiting", "obligation_missed"}
    of_the_wall = {"clinic_sessions_session_pkey", "programs_program_pkey", "practice_client_pkey"}
    assert small | of_the_wall | {"outbox_queue", "outbox_dead", "task_open", "task_open_once"} >= used


# --- what Prometheus reads -----------------------------------------------------------------------------------


def test_a_stranger_sees_no_figures(cast: Cast, settings: Any) -> None:
    nurse = Browser()
    nurse.force_login(cast.np)
    for given in ({}, {"HTTP_AUTHORIZATION": "Bearer "}, {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}):
        assert nurse.get("/metrics", **given).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert nurse.get("/metrics").status_code == 404
    for wrong in (f"Bearer {TOKEN}x", "Bearer ", TOKEN, f"Token {TOKEN}", "Bearer é"):
        answer = nurse.get("/metrics", HTTP_AUTHORIZATION=wrong)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")  # as if there were none
    assert nurse.post("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}").status_code == 405


@pytest.mark.usefixtures("asked")
def test_figures_tell_what_the_status_tells_and_never_whom(cast: Cast) -> None:
    session = people.dosed_session(cast)
    message("dead")
    cast.desk("np").get(f"clients/{session.program.client_id}/")
    cast.desk("np").get("clients/", search="Robin")
    Browser().get(f"/nothing/{session.pk}")
    with clock.fixed(MONDAY + timedelta(hours=2)):
        told = figures()
        text = Browser().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}").content.decode()
    assert told["kapclinic_messages_dead", "email"] == 1
    assert told["kapclinic_obligations", "due"] == 1
    assert told["kapclinic_checks_waiting_oldest_seconds", "due"] > 3600
    assert told["kapclinic_step_age_seconds", "alarms"] > 0
    assert told["kapclinic_requests_total", "GET,api/v1/clients/<uuid:pk>/,2xx"] >= 1
    assert told["kapclinic_requests_total", "GET,none,4xx"] >= 1
    assert re.search("[0-9a-f]{8}-[0-9a-f]{4}-", text) is None
    assert "Robin" not in text


@pytest.mark.usefixtures("asked")
def test_figures_say_so_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(selectors, "standing", away)
    told = figures()
    assert told["kapclinic_database_up", ""] == 0
    assert ("kapclinic_broker_up", "") not in told


@pytest.mark.usefixtures("asked")
def test_alerts_and_dashboard_ask_for_figures_that_there_are(cast: Cast) -> None:
    done(cast.desk("np").get("clients/"), 200)
    found = {name for name, _ in figures() if name.startswith("kapclinic_")}
    whole = {re.sub("_(bucket|count|sum|created)$", "", name) for name in found}
    there = found | whole
    alerts = (CHECKOUT / "deploy/alerts.yml").read_text()
    board = (CHECKOUT / "deploy/grafana.json").read_text()
    operations = (CHECKOUT / "docs/operations.md").read_text().split("## Figures", 1)[1].split("\n## ", 1)[0]
    for text in (alerts, board, operations):
        named = set(re.findall(r"\bkapclinic_[a-z_]+", text))
        assert named
        assert named - there == set()
    assert whole <= set(re.findall(r"kapclinic_[a-z_]+", operations)) | {"kapclinic_requests"}
    rows = [rule for group in yaml.safe_load(alerts)["groups"] for rule in group["rules"]]
    assert all({"alert", "expr", "labels", "annotations"} <= rule.keys() for rule in rows)
    panels = json.loads(board)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 8
    asked = {target["expr"] for panel in panels for target in panel["targets"]}
    assert all(any(name in expr for name in there) for expr in asked)


def test_the_bounds_of_the_alerts_are_those_of_the_status() -> None:
    alerts = (CHECKOUT / "deploy/alerts.yml").read_text()
    for bound in (
        rules.QUEUE_SECONDS,
        rules.OUTBOX_SECONDS,
        rules.CHECK_SECONDS,
        rules.BACKUP_SECONDS,
        rules.BACKUP_SILENCE,
    ):
        assert f"> {bound:.0f}" in alerts
