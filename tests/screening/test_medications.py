"""The client's medication list over the API."""

from __future__ import annotations

import pytest

from screening import selectors
from screening.models import Medication
from tests.screening.conftest import Clinic, pointers


def listed(clinic: Clinic, text: str = "sertraline 50 mg", role: str = "therapist") -> dict:
    answer = clinic.post(role, "medications/", {"client": str(clinic.client.pk), "text": text})
    assert answer.status_code == 201, answer.json()
    return answer.json()


@pytest.mark.parametrize(
    ("text", "classes", "is_mapped"),
    [
        ("Xanax 0.5 mg", ["benzodiazepine"], True),
        ("sertraline", ["no_interaction"], True),
        ("kratom", [], False),
    ],
)
def test_the_text_stays_as_given_beside_what_it_maps_to(
    clinic: Clinic, text: str, classes: list, is_mapped: bool
) -> None:
    got = listed(clinic, text)
    assert (got["text"], got["classes"], got["is_mapped"], got["ended_at"]) == (
        text,
        classes,
        is_mapped,
        None,
    )


@pytest.mark.parametrize("role", ["front_desk", "billing", "admin"])
def test_the_list_is_for_clinicians(clinic: Clinic, role: str) -> None:
    row = listed(clinic)
    body = {"client": str(clinic.client.pk), "text": "ibuprofen"}
    assert clinic.post(role, "medications/", body).status_code == 403
    assert clinic.get(role, "medications/").status_code == 403
    assert (
        clinic.patch(
            role, f"medications/{row['id']}/", {"ended_at": "2026-05-04T10:00:00Z"}, '"1"'
        ).status_code
        == 403
    )
    assert Medication.objects.get().ended_at is None


def test_the_list_stays_in_its_house(clinic: Clinic) -> None:
    row = listed(clinic)
    body = {"client": str(clinic.client.pk), "text": "ibuprofen"}
    assert pointers(clinic.post("prescriber", "medications/", body, "birch")) == {"/client"}
    assert clinic.get("prescriber", f"medications/{row['id']}/", "birch").status_code == 404
    assert clinic.get("prescriber", "medications/", "birch").json()["count"] == 0
    path = f"medications/{row['id']}/"
    assert (
        clinic.patch("prescriber", path, {"ended_at": "2026-05-04T10:00:00Z"}, '"1"', "birch").status_code
        == 404
    )
    assert Medication.objects.get().ended_at is None


def test_a_medicine_is_stopped_once(clinic: Clinic) -> None:
    row = listed(clinic)
    path = f"medications/{row['id']}/"
    assert clinic.patch("therapist", path, {"ended_at": "2026-05-04T10:00:00Z"}, None).status_code == 428
    assert clinic.patch("therapist", path, {"ended_at": "2026-05-04T10:00:00Z"}, '"9"').status_code == 412
    assert pointers(clinic.patch("therapist", path, {"ended_at": "2026-05-06T10:00:00Z"}, '"1"')) == {
        "/ended_at"
    }
    assert pointers(clinic.patch("therapist", path, {"text": "nothing"}, '"1"')) == {"/text"}
    assert Medication.objects.get().version == 1
    answer = clinic.patch("therapist", path, {"ended_at": "2026-05-04T10:00:00Z"}, '"1"')
    assert (answer.status_code, answer.json()["ended_at"]) == (200, "2026-05-04T10:00:00Z")
    assert clinic.patch("therapist", path, {"ended_at": "2026-05-04T11:00:00Z"}, '"2"').status_code == 409
    count = lambda query: clinic.get("therapist", f"medications/?{query}").json()["count"]  # noqa: E731
    assert [count("active=true"), count("active=false"), count(f"client={clinic.client.pk}")] == [0, 1, 1]


def test_only_a_prescriber_explains_an_unmapped_medicine(clinic: Clinic) -> None:
    row = listed(clinic, "kratom")
    path = f"medications/{row['id']}/"
    assert [m.text for m in selectors.medications_unmapped(clinic.client.pk)] == ["kratom"]
    refused = clinic.patch("therapist", path, {"review": "harmless"}, '"1"')
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert selectors.medications_unmapped(clinic.client.pk).count() == 1
    answer = clinic.patch("prescriber", path, {"review": "Opioid-like: to be tapered first."}, '"1"')
    assert answer.json()["reviewed_by"] == str(clinic.person("prescriber").pk)
    assert selectors.medications_unmapped(clinic.client.pk).count() == 0
