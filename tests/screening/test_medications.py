"""The client's medication list over the API."""

from __future__ import annotations

import pytest

from programs.models import Program
from screening import selectors
from screening.models import Medication
from tests.asking import pointers
from tests.cast import Cast


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
