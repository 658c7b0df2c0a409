"""The client's medication list over the API."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from rest_framework.response import Response

from kapclinic.core.errors import NotPermitted
from programs.models import Program
from screening import selectors, services
from screening.models import Medication, MedicationMapping
from screening.rules import medicines
from tests.asking import pointers
from tests.cast import MONDAY, Cast
from tests.screening import deciding


def listed(cast: Cast, program: Program, text: str = "sertraline 50 mg", who: str = "therapist") -> dict:
    answer = cast.desk(who).post("medications/", {"client": str(program.client_id), "text": text})
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
    cast: Cast, program: Program, text: str, classes: list, is_mapped: bool
) -> None:
    got = listed(cast, program, text)
    assert (got["text"], got["classes"], got["is_mapped"], got["ended_at"]) == (
        text,
        classes,
        is_mapped,
        None,
    )


@pytest.mark.parametrize("who", ["frontdesk", "billing", "admin"])
def test_the_list_is_for_clinicians(cast: Cast, program: Program, who: str) -> None:
    row = listed(cast, program)
    body = {"client": str(program.client_id), "text": "ibuprofen"}
    assert cast.desk(who).post("medications/", body).status_code == 403
    assert cast.desk(who).get("medications/").status_code == 403
    assert (
        cast.desk(who)
        .patch(f"medications/{row['id']}/", {"ended_at": "2026-05-04T10:00:00Z"}, match='"1"')
        .status_code
        == 403
    )
    assert Medication.objects.get().ended_at is None


def test_the_list_stays_in_its_house(cast: Cast, program: Program) -> None:
    row = listed(cast, program)
    body = {"client": str(program.client_id), "text": "ibuprofen"}
    assert pointers(cast.desk("south_prescriber").post("medications/", body)) == {"/client"}
    assert cast.desk("south_prescriber").get(f"medications/{row['id']}/").status_code == 404
    assert cast.desk("south_prescriber").get("medications/").json()["count"] == 0
    path = f"medications/{row['id']}/"
    assert (
        cast.desk("south_prescriber")
        .patch(path, {"ended_at": "2026-05-04T10:00:00Z"}, match='"1"')
        .status_code
        == 404
    )
    assert Medication.objects.get().ended_at is None


def test_a_medicine_is_stopped_once(cast: Cast, program: Program) -> None:
    row = listed(cast, program)
    path = f"medications/{row['id']}/"
    assert (
        cast.desk("therapist").patch(path, {"ended_at": "2026-05-04T10:00:00Z"}, match="").status_code == 428
    )
    assert (
        cast.desk("therapist").patch(path, {"ended_at": "2026-05-04T10:00:00Z"}, match='"9"').status_code
        == 412
    )
    assert pointers(
        cast.desk("therapist").patch(path, {"ended_at": "2026-05-06T10:00:00Z"}, match='"1"')
    ) == {"/ended_at"}
    assert pointers(cast.desk("therapist").patch(path, {"text": "nothing"}, match='"1"')) == {"/text"}
    assert Medication.objects.get().version == 1
    answer = cast.desk("therapist").patch(path, {"ended_at": "2026-05-04T10:00:00Z"}, match='"1"')
    assert (answer.status_code, answer.json()["ended_at"]) == (200, "2026-05-04T10:00:00Z")
    assert (
        cast.desk("therapist").patch(path, {"ended_at": "2026-05-04T11:00:00Z"}, match='"2"').status_code
        == 409
    )
    count = lambda query: cast.desk("therapist").get(f"medications/?{query}").json()["count"]  # noqa: E731
    assert [count("active=true"), count("active=false"), count(f"client={program.client_id}")] == [0, 1, 1]


def test_only_a_prescriber_explains_an_unmapped_medicine(cast: Cast, program: Program) -> None:
    row = listed(cast, program, "kratom")
    path = f"medications/{row['id']}/"
    assert [m.text for m in selectors.medications_unmapped(program.client_id)] == ["kratom"]
    refused = cast.desk("therapist").patch(path, {"review": "harmless"}, match='"1"')
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert selectors.medications_unmapped(program.client_id).count() == 1
    answer = cast.desk("prescriber").patch(path, {"review": "Opioid-like: to be tapered first."}, match='"1"')
    assert answer.json()["reviewed_by"] == str(cast.prescriber.pk)
    assert selectors.medications_unmapped(program.client_id).count() == 0


# --- parts and near spellings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Lexapro 10 mg, pain pills as needed", "pain pills as needed"),
        ("lithium and a generic blood pressure pill", "a generic blood pressure pill"),
    ],
)
def test_a_known_part_and_an_unknown_one_are_shown_apart(
    cast: Cast, program: Program, text: str, unknown: str
) -> None:
    got = listed(cast, program, text)
    assert not got["is_mapped"]
    known, other = got["parts"]
    assert (known["is_mapped"], known["classes"]) == (True, ["no_interaction"])
    assert other == {"text": unknown, "ingredients": [], "classes": [], "is_mapped": False}
    assert cast.desk("therapist").get(f"medications/{got['id']}/").json()["parts"] == got["parts"]
    assert cast.desk("therapist").get("medications/?is_mapped=false").json()["count"] == 1


def test_an_unknown_part_is_a_finding_and_needs_words_to_clear(cast: Cast, program: Program) -> None:
    screening = deciding.submitted(
        cast, program, medications=[{"text": "Lexapro 10 mg, pain pills as needed"}]
    )
    (finding,) = (row for row in screening["findings"] if row["code"] == "MED_UNMAPPED")
    assert pointers(deciding.decide(cast, screening)) == {"/resolutions"}
    words = [{"finding": finding["id"], "resolution": "Called the pharmacy: ibuprofen."}]
    assert deciding.decide(cast, screening, resolutions=words).status_code == 200


def test_texts_that_an_older_list_has_read_can_be_found(cast: Cast, program: Program) -> None:
    row = listed(cast, program, "Lexapro 10 mg, pain pills as needed")
    count = lambda query: cast.desk("therapist").get(f"medications/?{query}").json()["count"]  # noqa: E731
    assert [count(f"list_edition={row['list_edition']}"), count("list_edition=2026-01")] == [1, 0]


def test_near_spellings_are_offered_until_somebody_has_said_what_it_is(cast: Cast, program: Program) -> None:
    got = listed(cast, program, "lorazapam 1 mg")
    offered = [row for row in got["suggestions"] if row["name"] == "lorazepam"]
    assert offered == [{"written": "lorazapam", "name": "lorazepam", "ingredients": ["lorazepam"]}]
    assert (got["classes"], got["is_mapped"]) == ([], False)
    assert mapped(cast, got, "lorazepam").json()["suggestions"] == []


# --- a prescriber says what it is -------------------------------------------------------------------------------------


def mapped(cast: Cast, row: dict, *ingredients: str, role: str = "prescriber", **more: str) -> Response:
    body = {"ingredients": list(ingredients), "reason": "Called the pharmacy."} | more
    return cast.desk(role).post(f"medications/{row['id']}/map/", body)


def test_a_mapping_says_who_when_and_why(cast: Cast, program: Program) -> None:
    row = listed(cast, program, "Lexapro 10 mg, pain pills as needed")
    answer = mapped(cast, row, "oxycodone")
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
        "by": str(cast.prescriber.pk),
    }
    assert cast.desk("therapist").get(f"medications/{row['id']}/").json()["mappings"] == [mapping]
    assert selectors.medications_unmapped(program.client_id).count() == 0


def test_findings_follow_a_mapping(cast: Cast, program: Program) -> None:
    row = listed(cast, program, "blood pressure pill, Xanax")
    before = {finding["code"] for finding in deciding.submitted(cast, program)["findings"]}
    assert {"MED_UNMAPPED", "MED_BENZODIAZEPINE"} <= before
    assert mapped(cast, row, "Phenelzine", "clonidine").status_code == 200
    after = {finding["code"] for finding in deciding.submitted(cast, program)["findings"]}
    assert after == (before - {"MED_UNMAPPED"}) | {"MED_MAOI", "MED_ANTIHYPERTENSIVE"}


def test_a_mapping_takes_no_finding_of_a_known_name_away(cast: Cast, program: Program) -> None:
    row = listed(cast, program, "Nardil 15 mg and kratom")
    got = mapped(cast, row, "sertraline").json()
    assert got["classes"] == ["maoi", "no_interaction"]
    assert "MED_MAOI" in {finding["code"] for finding in deciding.submitted(cast, program)["findings"]}


def test_the_last_mapping_counts_and_all_are_kept(cast: Cast, program: Program) -> None:
    row = listed(cast, program, "purple pill")
    mapped(cast, row, "phenelzine")
    got = mapped(cast, row, "lisinopril", reason="The bottle was brought along.").json()
    assert got["classes"] == ["antihypertensive"]
    assert [one["ingredients"] for one in got["mappings"]] == [["phenelzine"], ["lisinopril"]]
    codes = {finding["code"] for finding in deciding.submitted(cast, program)["findings"]}
    assert ("MED_MAOI" in codes, "MED_ANTIHYPERTENSIVE" in codes) == (False, True)


@pytest.mark.parametrize("role", ["frontdesk", "np", "therapist", "director", "billing", "admin"])
def test_only_a_prescriber_maps(cast: Cast, program: Program, role: str) -> None:
    row = listed(cast, program, "kratom")
    assert mapped(cast, row, "oxycodone", role=role).status_code == 403
    values = {"ingredients": ["oxycodone"], "reason": "Called."}
    with pytest.raises(NotPermitted):
        services.map_medication(medication_id=UUID(row["id"]), values=values, by=cast.people[role], at=MONDAY)
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
def test_a_mapping_names_ingredients_of_the_list_and_a_reason(
    cast: Cast, program: Program, body: dict, where: set
) -> None:
    row = listed(cast, program, "kratom")
    answer = cast.desk("prescriber").post(f"medications/{row['id']}/map/", {"reason": "Called."} | body)
    assert answer.status_code == 400
    assert pointers(answer) == where
    assert MedicationMapping.objects.count() == 0


def test_a_brand_is_answered_with_its_ingredients(cast: Cast, program: Program) -> None:
    detail = mapped(cast, listed(cast, program, "kratom"), "Suboxone").json()["detail"]
    assert "buprenorphine, naloxone" in detail


def test_a_medicine_that_has_ended_or_is_elsewhere_is_not_mapped(cast: Cast, program: Program) -> None:
    row = listed(cast, program, "kratom")
    body = {"ingredients": ["oxycodone"], "reason": "Called."}
    assert cast.desk("south_prescriber").post(f"medications/{row['id']}/map/", body).status_code == 404
    ended = {"ended_at": "2026-05-04T10:00:00Z"}
    assert cast.desk("therapist").patch(f"medications/{row['id']}/", ended, match='"1"').status_code == 200
    assert mapped(cast, row, "oxycodone").status_code == 409
    assert MedicationMapping.objects.count() == 0


def test_the_same_mapping_sent_twice_under_one_key_is_one(cast: Cast, program: Program) -> None:
    row = listed(cast, program, "kratom")
    body = {"ingredients": ["oxycodone"], "reason": "Called."}
    for _ in range(2):
        answer = cast.desk("prescriber").post(f"medications/{row['id']}/map/", body, key="map-once")
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
def test_mappings_are_only_ever_added(cast: Cast, program: Program, sql: str) -> None:
    mapped(cast, listed(cast, program, "kratom"), "oxycodone")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert MedicationMapping.objects.get().reason == "Called the pharmacy."


@pytest.mark.parametrize("empty", [{"ingredients": []}, {"classes": []}, {"reason": ""}])
def test_the_database_refuses_a_mapping_that_says_nothing(cast: Cast, program: Program, empty: dict) -> None:
    listed(cast, program, "kratom")
    said = {"ingredients": ["oxycodone"], "classes": ["cns_depressant"], "reason": "Called."} | empty
    row = MedicationMapping(medication=Medication.objects.get(), list_edition="2026-11", **said)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.insert_by(cast.prescriber, at=MONDAY)
