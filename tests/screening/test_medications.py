"""The client's medication list over the API."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from rest_framework.response import Response

from kapclinic.core.errors import NotPermitted
from screening import selectors, services
from screening.models import Medication, MedicationMapping
from screening.rules import medicines
from tests.screening.conftest import AT, Clinic, pointers


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


# --- parts and near spellings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Lexapro 10 mg, pain pills as needed", "pain pills as needed"),
        ("lithium and a generic blood pressure pill", "a generic blood pressure pill"),
    ],
)
def test_a_known_part_and_an_unknown_one_are_shown_apart(clinic: Clinic, text: str, unknown: str) -> None:
    got = listed(clinic, text)
    assert not got["is_mapped"]
    known, other = got["parts"]
    assert (known["is_mapped"], known["classes"]) == (True, ["no_interaction"])
    assert other == {"text": unknown, "ingredients": [], "classes": [], "is_mapped": False}
    assert clinic.get("therapist", f"medications/{got['id']}/").json()["parts"] == got["parts"]
    assert clinic.get("therapist", "medications/?is_mapped=false").json()["count"] == 1


def test_an_unknown_part_is_a_finding_and_needs_words_to_clear(clinic: Clinic) -> None:
    screening = clinic.submitted(medications=[{"text": "Lexapro 10 mg, pain pills as needed"}])
    (finding,) = (row for row in screening["findings"] if row["code"] == "MED_UNMAPPED")
    assert pointers(clinic.decide(screening)) == {"/resolutions"}
    words = [{"finding": finding["id"], "resolution": "Called the pharmacy: ibuprofen."}]
    assert clinic.decide(screening, resolutions=words).status_code == 200


def test_texts_that_an_older_list_has_read_can_be_found(clinic: Clinic) -> None:
    row = listed(clinic, "Lexapro 10 mg, pain pills as needed")
    count = lambda query: clinic.get("therapist", f"medications/?{query}").json()["count"]  # noqa: E731
    assert [count(f"list_edition={row['list_edition']}"), count("list_edition=2026-01")] == [1, 0]


def test_near_spellings_are_offered_until_somebody_has_said_what_it_is(clinic: Clinic) -> None:
    got = listed(clinic, "lorazapam 1 mg")
    offered = [row for row in got["suggestions"] if row["name"] == "lorazepam"]
    assert offered == [{"written": "lorazapam", "name": "lorazepam", "ingredients": ["lorazepam"]}]
    assert (got["classes"], got["is_mapped"]) == ([], False)
    assert mapped(clinic, got, "lorazepam").json()["suggestions"] == []


# --- a prescriber says what it is -------------------------------------------------------------------------------------


def mapped(clinic: Clinic, row: dict, *ingredients: str, role: str = "prescriber", **more: str) -> Response:
    body = {"ingredients": list(ingredients), "reason": "Called the pharmacy."} | more
    return clinic.post(role, f"medications/{row['id']}/map/", body)


def test_a_mapping_says_who_when_and_why(clinic: Clinic) -> None:
    row = listed(clinic, "Lexapro 10 mg, pain pills as needed")
    answer = mapped(clinic, row, "oxycodone")
    assert answer.status_code == 200, answer.json()
    got = answer.json()
    assert (got["is_mapped"], got["classes"]) == (True, ["cns_depressant", "no_interaction"])
    assert got["version"] == row["version"] + 1
    (mapping,) = got["mappings"]
    assert mapping | {"id": ""} == {
        "id": "",
        "ingredients": ["oxycodone"],
        "classes": ["cns_depressant"],
        "list_edition": medicines.LIST_EDITION,
        "reason": "Called the pharmacy.",
        "at": "2026-05-04T15:00:00Z",
        "by": str(clinic.person("prescriber").pk),
    }
    assert clinic.get("therapist", f"medications/{row['id']}/").json()["mappings"] == [mapping]
    assert selectors.medications_unmapped(clinic.client.pk).count() == 0


def test_findings_follow_a_mapping(clinic: Clinic) -> None:
    row = listed(clinic, "blood pressure pill, Xanax")
    before = {finding["code"] for finding in clinic.submitted()["findings"]}
    assert {"MED_UNMAPPED", "MED_BENZODIAZEPINE"} <= before
    assert mapped(clinic, row, "Phenelzine", "clonidine").status_code == 200
    after = {finding["code"] for finding in clinic.submitted()["findings"]}
    assert after == (before - {"MED_UNMAPPED"}) | {"MED_MAOI", "MED_ANTIHYPERTENSIVE"}


def test_a_mapping_takes_no_finding_of_a_known_name_away(clinic: Clinic) -> None:
    row = listed(clinic, "Nardil 15 mg and kratom")
    got = mapped(clinic, row, "sertraline").json()
    assert got["classes"] == ["maoi", "no_interaction"]
    assert "MED_MAOI" in {finding["code"] for finding in clinic.submitted()["findings"]}


def test_the_last_mapping_counts_and_all_are_kept(clinic: Clinic) -> None:
    row = listed(clinic, "purple pill")
    mapped(clinic, row, "phenelzine")
    got = mapped(clinic, row, "lisinopril", reason="The bottle was brought along.").json()
    assert got["classes"] == ["antihypertensive"]
    assert [one["ingredients"] for one in got["mappings"]] == [["phenelzine"], ["lisinopril"]]
    codes = {finding["code"] for finding in clinic.submitted()["findings"]}
    assert ("MED_MAOI" in codes, "MED_ANTIHYPERTENSIVE" in codes) == (False, True)


@pytest.mark.parametrize(
    "role", ["front_desk", "nurse_practitioner", "therapist", "medical_director", "billing", "admin"]
)
def test_only_a_prescriber_maps(clinic: Clinic, role: str) -> None:
    row = listed(clinic, "kratom")
    assert mapped(clinic, row, "oxycodone", role=role).status_code == 403
    values = {"ingredients": ["oxycodone"], "reason": "Called."}
    with pytest.raises(NotPermitted):
        services.map_medication(medication_id=UUID(row["id"]), values=values, by=clinic.person(role), at=AT)
    assert MedicationMapping.objects.count() == 0
    assert not Medication.objects.get().is_mapped


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"ingredients": []}, {"/ingredients"}),
        ({"ingredients": ["kratom"]}, {"/ingredients/0"}),
        ({"ingredients": ["oxycodone", "xanax"]}, {"/ingredients/1"}),
        ({"ingredients": ["oxycodone"], "reason": ""}, {"/reason"}),
    ],
)
def test_a_mapping_names_ingredients_of_the_list_and_a_reason(clinic: Clinic, body: dict, where: set) -> None:
    row = listed(clinic, "kratom")
    answer = clinic.post("prescriber", f"medications/{row['id']}/map/", {"reason": "Called."} | body)
    assert answer.status_code == 400
    assert pointers(answer) == where
    assert MedicationMapping.objects.count() == 0


def test_a_brand_is_answered_with_its_ingredients(clinic: Clinic) -> None:
    detail = mapped(clinic, listed(clinic, "kratom"), "Suboxone").json()["detail"]
    assert "buprenorphine, naloxone" in detail


def test_a_medicine_that_has_ended_or_is_elsewhere_is_not_mapped(clinic: Clinic) -> None:
    row = listed(clinic, "kratom")
    body = {"ingredients": ["oxycodone"], "reason": "Called."}
    assert clinic.post("prescriber", f"medications/{row['id']}/map/", body, "birch").status_code == 404
    ended = {"ended_at": "2026-05-04T10:00:00Z"}
    assert clinic.patch("therapist", f"medications/{row['id']}/", ended, '"1"').status_code == 200
    assert mapped(clinic, row, "oxycodone").status_code == 409
    assert MedicationMapping.objects.count() == 0


def test_the_same_mapping_sent_twice_under_one_key_is_one(clinic: Clinic) -> None:
    row = listed(clinic, "kratom")
    body = {"ingredients": ["oxycodone"], "reason": "Called."}
    for _ in range(2):
        answer = clinic.post(
            "prescriber", f"medications/{row['id']}/map/", body, HTTP_IDEMPOTENCY_KEY="map-once"
        )
        assert answer.status_code == 200
    assert MedicationMapping.objects.count() == 1


def test_a_mapping_to_what_a_later_list_no_longer_has_answers_for_nothing() -> None:
    listed_as = medicines.Listed(None, "purple pill and Nardil", frozenset({"withdrawn-medicine"}))
    codes = {one.code for one in medicines.medicine_findings([listed_as], route="oral", limits={})}
    assert codes == {"MED_UNMAPPED", "MED_MAOI"}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE screening_medicationmapping SET reason = 'Other.'",
        "DELETE FROM screening_medicationmapping",
        "TRUNCATE screening_medicationmapping",
    ],
)
def test_mappings_are_only_ever_added(clinic: Clinic, sql: str) -> None:
    mapped(clinic, listed(clinic, "kratom"), "oxycodone")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert MedicationMapping.objects.get().reason == "Called the pharmacy."


@pytest.mark.parametrize("empty", [{"ingredients": []}, {"classes": []}, {"reason": ""}])
def test_the_database_refuses_a_mapping_that_says_nothing(clinic: Clinic, empty: dict) -> None:
    listed(clinic, "kratom")
    said = {"ingredients": ["oxycodone"], "classes": ["cns_depressant"], "reason": "Called."} | empty
    row = MedicationMapping(medication=Medication.objects.get(), list_edition="2026-11", **said)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.insert_by(clinic.person("prescriber"), at=AT)
