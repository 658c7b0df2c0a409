"""Clients at the front desk: registering, changing, likely doubles, and whose they are."""

from __future__ import annotations

from typing import Any

import pytest

from kapclinic.practice.models import Client
from tests import cast as people
from tests.cast import ADDRESS, MONDAY, Cast


def _body(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "legal_first_name": "Robin",
        "legal_last_name": "Sample",
        "date_of_birth": "1985-03-02",
        "administrative_sex": "X",
        "phone": "303-555-0142",
        "address": ADDRESS,
        "locations": [str(cast.north.pk)],
    } | more


def _rows() -> list[Any]:
    return [*Client.objects.order_by("pk").values(), *Client.history.order_by("pk").values()]


def _refused(cast: Cast, wanted: dict[str, Any], status: int, by: str = "frontdesk") -> Any:
    before = _rows()
    answer = cast.desk(by).post("clients/", wanted)
    assert answer.status_code == status, answer.content
    assert _rows() == before
    return answer.json()


# --- registering -----------------------------------------------------------------------------------------


def test_a_client_is_registered_with_a_record_number(cast: Cast) -> None:
    wanted = _body(
        cast,
        chosen_name="Rob",
        pronouns="they/them",
        email="robin@example.test",
        time_zone="America/Denver",
        emergency_contact={"name": "Alex", "phone": "303-555-0177", "relationship": "friend"},
        escort_contacts=[{"name": "Alex", "phone": "303-555-0177", "relationship": "friend"}],
        communication_consent={"email": True, "sms": False},
    )
    made = cast.desk("frontdesk").must("clients/", wanted)
    assert {name: made[name] for name in wanted} == wanted | {"address": made["address"]}
    assert made["address"] == ADDRESS | {"line2": ""}
    assert made["mrn"].startswith("KC")
    assert (made["version"], made["created_at"], made["warnings"]) == (1, "2026-05-04T15:00:00Z", [])
    history = Client.history.get(id=made["id"])
    assert (history.history_user_id, history.history_date) == (cast.frontdesk.pk, MONDAY)


def test_record_numbers_differ(cast: Cast) -> None:
    made = [cast.desk("frontdesk").must("clients/", _body(cast))["mrn"] for _ in range(3)]
    assert len(set(made)) == 3


@pytest.mark.parametrize("name", ["frontdesk", "np", "therapist", "prescriber", "director"])
def test_those_who_book_register(cast: Cast, name: str) -> None:
    cast.desk(name).must("clients/", _body(cast))


@pytest.mark.parametrize("name", ["billing", "admin"])
def test_billing_and_the_administrator_do_not(cast: Cast, name: str) -> None:
    _refused(cast, _body(cast), 403, by=name)
    client = people.client(cast.north, by=cast.frontdesk)
    before = _rows()
    answer = cast.desk(name).patch(f"clients/{client.pk}/", {"pronouns": "he"}, match='"1"')
    assert answer.status_code == 403
    assert _rows() == before


@pytest.mark.parametrize("born", ["2026-05-05", "2999-01-01", "1895-01-01"])
def test_nobody_is_born_tomorrow_or_too_long_ago(cast: Cast, born: str) -> None:
    (error,) = _refused(cast, _body(cast, date_of_birth=born), 400)["errors"]
    assert error["pointer"] == "/date_of_birth"


def test_a_child_born_today_can_be_written_down(cast: Cast) -> None:
    cast.desk("frontdesk").must("clients/", _body(cast, date_of_birth="2026-05-04"))


def test_every_field_that_must_be_there_is_named(cast: Cast) -> None:
    pointers = {error["pointer"] for error in _refused(cast, {}, 400)["errors"]}
    assert pointers == {f"/{name}" for name in _body(cast)}


# --- likely doubles --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        pytest.param({}, True, id="the same person"),
        pytest.param(
            {"legal_first_name": "Robyn", "phone": "720-555-0100"}, True, id="same last name and birthday"
        ),
        pytest.param(
            {"legal_last_name": "Other", "phone": "720-555-0100"}, True, id="same first name and birthday"
        ),
        pytest.param({"legal_last_name": "SAMPLE", "phone": "720-555-0100"}, True, id="in capitals"),
        pytest.param(
            {"legal_first_name": "A", "legal_last_name": "B", "date_of_birth": "1990-01-01"},
            True,
            id="same phone",
        ),
        pytest.param(
            {
                "legal_first_name": "A",
                "legal_last_name": "B",
                "date_of_birth": "1990-01-01",
                "phone": "(303) 555 0142",
            },
            True,
            id="same phone written otherwise",
        ),
        pytest.param({"date_of_birth": "1985-03-03", "phone": "720-555-0100"}, False, id="another birthday"),
        pytest.param(
            {"legal_first_name": "A", "legal_last_name": "B", "phone": "720-555-0100"},
            False,
            id="same birthday",
        ),
    ],
)
def test_a_likely_double_warns_and_is_saved(cast: Cast, more: dict[str, Any], warned: bool) -> None:
    first = cast.desk("frontdesk").must("clients/", _body(cast))
    second = cast.desk("frontdesk").must("clients/", _body(cast, **more))
    named = [(row["code"], one["id"], one["mrn"]) for row in second["warnings"] for one in row["candidates"]]
    assert named == ([("likely_duplicate", first["id"], first["mrn"])] if warned else [])
    assert Client.objects.count() == 2


def test_a_double_at_another_location_is_not_told(cast: Cast) -> None:
    people.client(cast.south, by=cast.south_frontdesk)
    assert cast.desk("frontdesk").must("clients/", _body(cast))["warnings"] == []


def test_a_client_is_not_their_own_double(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    answer = cast.desk("frontdesk").patch(f"clients/{client.pk}/", {"pronouns": "they"})
    assert answer.json()["warnings"] == []


# --- changing --------------------------------------------------------------------------------------------


def test_a_change_leaves_the_rest_and_its_history(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    answer = cast.desk("np").patch(f"clients/{client.pk}/", {"chosen_name": "Rob"})
    assert answer.status_code == 200
    assert (answer.json()["chosen_name"], answer.json()["legal_first_name"]) == ("Rob", "Robin")
    names = list(client.history.order_by("history_id").values_list("chosen_name", "history_user_id"))
    assert names == [("", cast.frontdesk.pk), ("Rob", cast.np.pk)]


@pytest.mark.parametrize(
    "change",
    [
        {"date_of_birth": "2999-01-01"},
        {"phone": "none"},
        {"locations": []},
        {"mrn": "KC1"},
        {"time_zone": "Mars"},
    ],
)
def test_a_change_that_cannot_be_changes_nothing(cast: Cast, change: dict[str, Any]) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    before = _rows()
    assert cast.desk("frontdesk").patch(f"clients/{client.pk}/", change).status_code == 400
    assert _rows() == before


# --- whose they are --------------------------------------------------------------------------------------


def test_a_client_of_another_location_does_not_exist(cast: Cast) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    before = _rows()
    south = cast.desk("south_frontdesk")
    assert south.get(f"clients/{client.pk}/").status_code == 404
    assert south.patch(f"clients/{client.pk}/", {"pronouns": "x"}, match='"1"').status_code == 404
    assert south.get("clients/").json()["count"] == 0
    assert _rows() == before


def test_nobody_registers_a_client_where_they_do_not_work(cast: Cast) -> None:
    for locations in ([cast.south.pk], [cast.north.pk, cast.south.pk]):
        wanted = _body(cast, locations=list(map(str, locations)))
        errors = _refused(cast, wanted, 400)["errors"]
        assert [error["code"] for error in errors] == ["not_found"]


@pytest.fixture
def shared(cast: Cast) -> Client:
    """A client of both locations."""
    both = [cast.north.pk, cast.south.pk]
    cast.people["roamer"] = people.staff("roamer", ["front_desk"], cast.north, locations=both)
    return people.client(cast.north, by=cast.roamer, locations=both)


@pytest.mark.parametrize("kept", [["north"], ["north", "south"]])
def test_one_location_does_not_take_a_client_from_another(
    cast: Cast, shared: Client, kept: list[str]
) -> None:
    locations = [str(getattr(cast, name).pk) for name in kept]
    answer = cast.desk("frontdesk").patch(f"clients/{shared.pk}/", {"locations": locations})
    assert answer.status_code == 200, answer.content
    assert answer.json()["locations"] == [str(cast.north.pk), str(cast.south.pk)]


def test_somebody_of_both_locations_moves_a_client(cast: Cast, shared: Client) -> None:
    answer = cast.desk("roamer").patch(f"clients/{shared.pk}/", {"locations": [str(cast.south.pk)]})
    assert answer.json()["locations"] == [str(cast.south.pk)]
    assert cast.desk("frontdesk").get(f"clients/{shared.pk}/").status_code == 404
