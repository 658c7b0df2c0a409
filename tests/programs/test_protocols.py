"""Protocols: versions that the director approves, frozen from then on, with every threshold as checked data."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from programs.models import Protocol
from tests.cast import Cast, approved_protocol, opened_program

BODY = {"name": "Short course", "program_type": "kap", "route": "sublingual"}


def test_a_draft_takes_the_default_policy(cast: Cast) -> None:
    draft = cast.desk("director").must("protocols/", BODY)
    assert draft["status"] == "draft"
    assert draft["bands"]["bp"]["go"] == [140, 90]
    assert draft["checks_min"] == [0, 15, 30, 45, 60, 90, 120]
    assert (draft["gates"]["suicide_screen"], draft["gates"]["equipment"]) == ("at_risk", "required")
    assert draft["integration"] == {"from_hours": 24, "to_hours": 72}
    assert draft["dose"] == {"warn": "300", "cap": "400", "unit": "mg"}


def test_one_value_may_differ_and_the_rest_stays_default(cast: Cast) -> None:
    draft = cast.desk("director").must("protocols/", BODY | {"bands": {"hr": {"red_high": 130}}})
    assert draft["bands"]["hr"] == {"go": [50, 100], "hold": [45, 110], "red_high": 130, "red_low": 50}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"bands": {"pulse": {"go": [50, 100]}}}, "/bands/pulse"),
        ({"bands": {"bp": {"go": 140}}}, "/bands/bp/go"),
        ({"bands": {"bp": {"go": ["a", 90]}}}, "/bands/bp/go"),
        ({"bands": {"bp": 3}}, "/bands/bp"),
        ({"bands": {"bp": {"hold": [1600, 100]}}}, "/bands/bp/hold"),  # nobody would ever be held
        ({"bands": {"bp": {"go": [140, 900]}}}, "/bands/bp/go"),
        ({"bands": {"hr": {"red_low": 500}}}, "/bands/hr/red_low"),
        ({"bands": {"spo2": {"red": 9, "emergency": 88}}}, "/bands/spo2/emergency"),
        ({"bands": {"extreme": {"heart_rate": [180, 40]}}}, "/bands/extreme/heart_rate"),
        ({"limits": {"alert_minutes": "x"}}, "/limits/alert_minutes"),
        ({"limits": {"alert_items": {"phq9": [12, 1]}}}, "/limits/alert_items/phq9"),  # it has nine items
        ({"limits": {"alert_items": {"phq9": [9, 4]}}}, "/limits/alert_items/phq9"),  # nobody can answer so
        ({"limits": {"alert_items": {"madrs": [10, 0]}}}, "/limits/alert_items/madrs"),
        ({"limits": {"alert_items": {"phq9": [9.0, 1]}}}, "/limits/alert_items/phq9"),
        ({"limits": {"severe_grade": 33}}, "/limits/severe_grade"),
        ({"limits": {"severe_grade": 2.5}}, "/limits/severe_grade"),
        ({"limits": {"consent_days": 182.5}}, "/limits/consent_days"),
        ({"limits": {"clearance_expiring_days": 30.0}}, "/limits/clearance_expiring_days"),
        ({"limits": {"event_phase_hours": [24, 2]}}, "/limits/event_phase_hours"),
        ({"limits": {"plausible": {"spo2": [100, 50]}}}, "/limits/plausible/spo2"),
        ({"limits": {"unknown": 1}}, "/limits/unknown"),
        ({"limits": {"after_end": {"every_min": 15}}}, "/limits/after_end"),  # only an infusion has an end
        ({"route": "intravenous", "limits": {"after_end": {"every_min": 0}}}, "/limits/after_end"),
        ({"fasting_hours": {"solid": True}}, "/fasting_hours/solid"),
        ({"gates": {"consent": "off"}}, "/gates/consent"),  # fixed
        ({"gates": {"pulse_oximeter": "advised"}}, "/gates/pulse_oximeter"),
        ({"gates": {"fasting": "sometimes"}}, "/gates/fasting"),
        ({"gates": {"weather": "required"}}, "/gates/weather"),
        ({"integration": {"from_hours": 72, "to_hours": 24}}, "/integration"),
        ({"dose": {"warn": "500", "cap": "400", "unit": "mg"}}, "/dose/cap"),
        ({"dose": {"warn": "1", "cap": "2", "unit": "spoons"}}, "/dose/unit"),
        ({"checks_min": [0, 30, 15]}, "/checks_min"),
        ({"span_days": [56, 21]}, "/span_days"),
        ({"lengths_min": {"dosing": 0}}, "/lengths_min"),
        (
            {"resources": [{"role": "janitor", "from_min": 0, "to_min": 5, "mode": "exclusive"}]},
            "/resources/0",
        ),
        (
            {"resources": [{"role": "therapist", "from_min": 0, "to_min": 999, "mode": "exclusive"}]},
            "/resources/0/to_min",
        ),
    ],
)
def test_a_value_that_can_not_work_is_refused_by_name(
    cast: Cast, change: dict[str, Any], pointer: str
) -> None:
    answer = cast.desk("director").post("protocols/", BODY | change)
    assert answer.status_code == 400, answer.content
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert not Protocol.objects.exists()


@pytest.mark.parametrize("name", ["frontdesk", "np", "therapist", "prescriber", "billing", "admin"])
def test_only_the_director_writes_and_approves(cast: Cast, name: str) -> None:
    draft = cast.desk("director").must("protocols/", BODY)
    assert cast.desk(name).post("protocols/", BODY).status_code == 403
    assert cast.desk(name).post(f"protocols/{draft['id']}/approve/").status_code == 403
    assert Protocol.objects.get().status == "draft"


def test_approving_says_who_and_when_and_only_once(cast: Cast) -> None:
    draft = cast.desk("director").must("protocols/", BODY)
    approved = cast.desk("director").must(f"protocols/{draft['id']}/approve/")
    assert approved["approved_by"] == str(cast.director.pk)
    assert approved["approved_at"]
    again = cast.desk("director").post(f"protocols/{draft['id']}/approve/")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


def test_a_change_is_a_new_edition(cast: Cast) -> None:
    first = cast.desk("director").must("protocols/", BODY)
    second = cast.desk("director").must("protocols/", BODY | {"planned_doses": 4})
    assert (first["edition"], second["edition"]) == (1, 2)


def test_an_approved_protocol_is_frozen_in_the_database(cast: Cast) -> None:
    protocol = approved_protocol(cast)
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE programs_protocol SET planned_doses = 12 WHERE id = %s", [protocol.pk])
    protocol.refresh_from_db()
    assert protocol.planned_doses == 6


def test_lists_show_approved_versions_first(cast: Cast) -> None:
    cast.desk("director").must("protocols/", BODY | {"name": "A draft"})
    approved_protocol(cast, name="Z approved")
    names = [row["name"] for row in cast.desk("frontdesk").get("protocols/").json()["results"]]
    assert names == ["Z approved", "A draft"]


def test_a_program_opens_only_on_an_approved_version(cast: Cast) -> None:
    draft = cast.desk("director").must("protocols/", BODY)
    good = opened_program(cast)
    body = {
        "client": str(good.client_id),
        "protocol": draft["id"],
        "location": str(cast.north.pk),
        "therapist": str(cast.therapist.pk),
        "prescriber": str(cast.prescriber.pk),
        "accepted_modalities": ["in_person"],
    }
    answer = cast.desk("frontdesk").post("programs/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "protocol_not_approved")
    assert type(good).objects.count() == 1
