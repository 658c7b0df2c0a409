"""The evidence of a dosing session: whole, the same to the last byte, frozen for good, and without what is private."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.evidence import chart
from sessions.evidence import page as evidence_page
from sessions.evidence import selectors as evidence
from sessions.evidence.models import EvidenceBundle
from sessions.monitoring import services as monitoring
from tests import cast as people
from tests.asking import events
from tests.cast import IM, MONDAY, PASSWORD, Cast, lot_of, weighed
from tests.replay import played
from tests.sessions.giving import attempt, stock, witness

SECRET = "What was said in confidence"
ROOT = Path(__file__).resolve().parents[3]
STATED = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")


def a_day(cast: Cast) -> Session:
    """40 of 50 mg from the safe, an amber reading that was answered, a voided one, home after two hours, signed."""
    session, lot = weighed(cast, IM), lot_of(cast)
    amounts = {"dose_mg": "40", "drawn_mg": "50", "given_mg": "40", "wasted_mg": "10"}
    given = attempt(cast, session, **stock(lot, **amounts, witness=witness(cast)))
    assert given.status_code == 201, given.content
    for minute, systolic in ((15, 165), (30, 150), (60, 140), (119, 124)):
        at = MONDAY + timedelta(minutes=minute)
        with clock.fixed(at):
            values = people.calm() | {"systolic": systolic, "measured_at": at}
            reading = monitoring.record_reading(
                session=session, values=values, dosed_at=MONDAY, by=cast.np, at=at
            )
        if minute == 30:
            monitoring.void_reading(reading=reading, reason="Cuff slipped", by=cast.np, at=at)
    path = f"sessions/{session.pk}"
    with clock.fixed(MONDAY + timedelta(minutes=120)):
        for alarm in cast.desk("np").get("alarms/", session=str(session.pk)).json()["results"]:
            cast.desk("np").must(f"alarms/{alarm['id']}/acknowledge/", {"action": "Repeated: it fell"})
        home = {"checklist": dict.fromkeys(STATED, True), "escort_present": True}
        cast.desk("np").must(f"{path}/discharge/", home | {"discharged_at": clock.now().isoformat()})
    with clock.fixed(MONDAY + timedelta(hours=3)):
        cast.desk("therapist").must("psychotherapy-notes/", {"session": str(session.pk), "text": SECRET})
        body = {"session": str(session.pk), "kind": "dosing", "frame": "free", "sections": {"text": "Calm."}}
        note = cast.desk("therapist").must("notes/", body)
        cast.desk("therapist").must(f"notes/{note['id']}/sign/", {"password": PASSWORD})
    return session


@dataclass(frozen=True)
class Day:
    cast: Cast
    session: Session

    @property
    def path(self) -> str:
        return f"sessions/{self.session.pk}/evidence/"

    def live(self, who: str = "director") -> Any:
        answer = self.cast.desk(who).get(self.path)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def void_a_reading(self) -> None:
        """Somebody corrects the record, a day later."""
        reading = self.session.readings.get(systolic=140)
        at = people.later(days=1)
        monitoring.void_reading(reading=reading, reason="Other arm", by=self.cast.np, at=at)


@pytest.fixture
def day(cast: Cast) -> Day:
    return Day(cast, played("a day in evidence", lambda: a_day(cast)))


def printed(pdf: bytes) -> str:
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.split())


def test_everything_that_the_record_says_is_in_it(day: Day) -> None:
    found = day.live()["evidence"]
    assert found["client"]["legal_name"] == "Robin Sample"
    assert (found["session"]["number"], found["planned_doses"], found["room"]) == (1, 6, "Aspen")
    (dose,) = found["doses"]
    assert (dose["dose_mg"], dose["dose_mg_per_kg"], dose["volume_ml"]) == ("40.000", "0.500", "0.800")
    assert (dose["drawn_mg"], dose["given_mg"], dose["wasted_mg"]) == ("50.000", "40.000", "10.000")
    assert found["gates"] == dose["gates"] != []
    assert [(lot["lot_number"], lot["expires_on"]) for lot in found["lots"]] == [("A-1", "2027-06-30")]
    assert [(row["kind"], len(row["hash"])) for row in found["ledger"]] == [("administer", 64), ("waste", 64)]
    assert [row["systolic"] for row in found["readings"]] == [122, 165, 150, 140, 124]
    assert [row["void"] is not None for row in found["readings"]] == [False, False, True, False, False]
    states = {row["planned_at"][11:16]: row["state"] for row in found["checks"]}
    assert (states["15:15"], states["15:45"]) == (
        "done",
        "missed",
    )  # nobody measured 45 minutes after the dose
    assert "due" not in states.values()  # the client went home: what was not read by then never will be
    answered = {row["action"] for row in found["alarms"] if row["state"] == "acknowledged"}
    assert answered == {"Repeated: it fell"}
    assert {row["cause"] for row in found["alarms"] if row["state"] == "open"} == {"check_missed"}
    assert found["discharge"]["checklist"]["oriented"] is True
    assert [row["document"] for row in found["consents"]] == ["kap_treatment"]
    assert [row["decision"] for row in found["clearances"]] == ["cleared"]
    assert {row["code"]: row["value"] for row in found["attestations"]} == dict.fromkeys(people.ASKED, True)
    assert {found["people"][row["by"]]["name"] for row in found["attestations"]} == {"Np"}
    whats = [row["what"] for row in found["signatures"]]
    assert sorted(whats[:5]) == ["administer", "dose", "order", "waste", "witness"]
    assert whats[5:] == ["discharge", "note"]
    assert {found["people"][row["by"]]["name"] for row in found["signatures"]} == {
        "Np",
        "Prescriber",
        "Therapist",
    }


def test_nobody_said_that_nothing_happened_until_somebody_says_so(day: Day) -> None:
    assert day.live()["evidence"]["events_statement"] == "nothing recorded"
    at = MONDAY.isoformat()
    body = {"term": "nausea", "grade": 1, "serious": False, "onset_at": at, "causality": "related"}
    told = body | {"action": "none", "outcome": "recovered"}
    day.cast.desk("np").must(f"sessions/{day.session.pk}/adverse-events/", told)
    assert day.live()["evidence"]["events_statement"] == "recorded"


def test_no_private_note_and_no_word_of_a_clinical_one_is_in_it(day: Day) -> None:
    made = evidence.put_together(session_id=day.session.pk)
    page = printed(evidence_page.print_page(made.content, sha256=made.sha256))
    for text in (made.text.decode(), page):
        assert SECRET not in text
        assert "Calm." not in text
        assert "psychotherapy" not in text.lower()
    assert day.cast.desk("therapist").get("psychotherapy-notes/").json()["count"] == 1


def test_the_hash_is_that_of_the_canonical_text(day: Day) -> None:
    answer = day.cast.desk("np").get(day.path)
    body = answer.json()
    text = json.dumps(body["evidence"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == body["sha256"]
    assert answer.headers["ETag"] == f'"{body["sha256"]}"'
    assert body["sha256"] in printed(day.cast.desk("np").get(f"{day.path}pdf/").content).replace(" ", "")


AGAIN = """
import hashlib, json, sys, time
from sessions.evidence import page as evidence_page, selectors as evidence
content = json.load(sys.stdin)
text = evidence.canonical(dict(reversed(content.items())))
digest = hashlib.sha256(text).hexdigest()
print(digest, hashlib.sha256(evidence_page.print_page(content, sha256=digest)).hexdigest())
"""


def test_another_process_in_another_zone_and_year_prints_the_same_bytes(day: Day) -> None:
    now = evidence.put_together(session_id=day.session.pk)
    with clock.fixed(people.later(days=400)):
        later = evidence.put_together(session_id=day.session.pk)
    assert later.text == now.text
    pdf = evidence_page.print_page(now.content, sha256=now.sha256)
    expected = f"{now.sha256} {hashlib.sha256(pdf).hexdigest()}"
    setup = "import django; django.setup()\n"
    environment = os.environ | {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4711"}
    environment |= {"DJANGO_SETTINGS_MODULE": "kapclinic.settings"}
    again = subprocess.run(
        [sys.executable, "-c", setup + AGAIN],
        input=now.text,
        capture_output=True,
        env=environment,
        cwd=ROOT,
        check=True,
    )
    assert again.stdout.decode().strip() == expected


def test_what_was_frozen_stays_and_a_correction_makes_another(day: Day) -> None:
    desk = day.cast.desk("director")
    first = desk.post(day.path)
    assert first.status_code == 201, first.content
    one = first.json()
    assert (one["sequence"], one["made_by"]) == (1, str(day.cast.director.pk))
    same = desk.post(day.path)
    assert (same.status_code, same.json()) == (200, one)
    pdf = desk.get(f"{day.path}{one['id']}/pdf/").content
    assert hashlib.sha256(pdf).hexdigest() == one["pdf_sha256"]
    day.void_a_reading()
    two = desk.must(day.path)
    assert (two["sequence"], two["sha256"] != one["sha256"]) == (2, True)
    kept = desk.get(f"{day.path}{one['id']}/")
    assert kept.headers["ETag"] == f'"{one["sha256"]}"'
    voided = [row["void"] is not None for row in kept.json()["evidence"]["readings"]]
    assert voided == [False, False, True, False, False]
    assert desk.get(f"{day.path}{one['id']}/pdf/").content == pdf
    assert [row["sequence"] for row in day.live()["frozen"]] == [1, 2]


def test_the_page_tells_it_in_words_and_draws_the_trend(day: Day) -> None:
    page = printed(day.cast.desk("therapist").get(f"{day.path}pdf/").content)
    told = ("Robin Sample", "1985-03-02", "1 of 6 planned", "165/78", "Cuff slipped", "A-1, 2027-06-30")
    assert [word for word in told if word not in page] == []
    assert "50.000, 40.000, 10.000" in page
    assert "Systolic, mmHg" in page


def test_the_chart_keeps_proportions_and_leaves_out_what_was_voided() -> None:
    def row(minute: int, systolic: int, void: Any = None) -> dict[str, Any]:
        at = (MONDAY + timedelta(minutes=minute)).isoformat()
        return {"measured_at": at, "systolic": systolic, "diastolic": 80, "heart_rate": 60, "void": void}

    doses = [{"administered_at": (MONDAY + timedelta(minutes=30)).isoformat(), "void": None}]
    drawn = chart.chart([row(0, 120), row(10, 220, {}), row(40, 140)], doses, lambda moment: moment)
    assert drawn is not None
    assert drawn["series"][0]["points"] == [[0, 750], [1000, 1000]]  # 60 to 140 mmHg
    assert drawn["series"][2]["points"] == [[0, 0], [1000, 0]]
    assert [place for place, _ in drawn["ticks_y"]] == [0, 250, 500, 750, 1000]
    assert drawn["doses"] == [750]
    assert chart.chart([row(0, 120)], doses, str) is None


def test_who_reads_and_who_freezes(day: Day) -> None:
    reads = {"np": 200, "prescriber": 200, "director": 200, "therapist": 200}
    shut = dict.fromkeys(("frontdesk", "billing", "admin"), 403)
    for who, status in (reads | shut | {"south_np": 404}).items():
        assert day.cast.desk(who).get(day.path).status_code == status, who
        assert day.cast.desk(who).get(f"{day.path}pdf/").status_code == status, who
    for who, status in (shut | {"therapist": 403, "south_np": 404}).items():
        refused = day.cast.desk(who).post(day.path)
        assert refused.status_code == status, who
        assert b"Sample" not in refused.content
    assert not EvidenceBundle.objects.exists()
    assert day.cast.desk("np").post(day.path).status_code == 201


def test_reading_it_is_written_down(day: Day) -> None:
    day.live("np")
    day.cast.desk("np").get(f"{day.path}pdf/")
    client = [day.session.client_id]
    assert events("evidence.live") == events("evidence.pdf") == [(day.cast.np.pk, "ok", client)]


def test_a_long_day_takes_no_more_queries_than_a_short_one(day: Day) -> None:
    def count() -> int:
        with connection.execute_wrapper(_counted(seen := [])):
            evidence.put_together(session_id=day.session.pk)
        return len(seen)

    before = count()
    for minute in range(125, 130):
        at = MONDAY + timedelta(minutes=minute)
        values = people.calm() | {"measured_at": at, "systolic": 170}
        monitoring.record_reading(
            session=day.session, values=values, dosed_at=MONDAY, by=day.cast.prescriber, at=at
        )
    assert count() == before <= 22


def _counted(seen: list[str]) -> Any:
    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return run(sql, params, many, context)

    return execute


def test_a_session_that_is_no_dose_has_none_and_one_to_come_freezes_none(cast: Cast) -> None:
    program = people.cleared_program(cast)
    dose = people.booked(cast, program, "dosing", people.later(days=1))
    for kind, session in {
        "medical": people.booked(cast, program, "integration", people.later(days=2)),
        "dosing": dose,
    }.items():
        refused = cast.desk("np").post(f"sessions/{session.pk}/evidence/")
        assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition"), kind
    assert cast.desk("np").get(f"sessions/{dose.pk}/evidence/").status_code == 200
    assert not EvidenceBundle.objects.exists()


def test_the_database_keeps_the_bytes_and_their_hash_together(day: Day) -> None:
    made = day.cast.desk("np").must(day.path)
    for statement, why in (
        ("UPDATE clinic_sessions_evidencebundle SET sequence = 9", "append-only|permission denied"),
        ("DELETE FROM clinic_sessions_evidencebundle", "append-only|permission denied"),
        (
            "INSERT INTO clinic_sessions_evidencebundle"
            " (id, created_at, created_by, sequence, content, sha256, pdf, pdf_sha256, session_id)"
            " SELECT gen_random_uuid(), created_at, created_by, 2,"
            " content || '\\x20'::bytea, sha256, pdf, pdf_sha256, session_id FROM clinic_sessions_evidencebundle",
            "evidence_hashes",
        ),
    ):
        with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert EvidenceBundle.objects.get().sha256 == made["sha256"]
