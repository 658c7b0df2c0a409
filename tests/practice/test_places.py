"""Locations and rooms: the administrator's, readable by everybody."""

from __future__ import annotations

from typing import Any

import pytest

from kapclinic.practice.models import Location, Room
from tests.api.routes import PERSON
from tests.cast import ADDRESS, Cast

OTHERS = [name for name in PERSON.values() if name != "admin"]


def _location(**more: Any) -> dict[str, Any]:
    return {
        "name": "West",
        "time_zone": "America/Los_Angeles",
        "address": ADDRESS,
        "phone": "415-555-0100",
        "dea_number": "BC1234563",
        "opening_hours": [
            {"weekday": 0, "from": "08:00", "to": "12:00"},
            {"weekday": 0, "from": "13:00", "to": "18:00"},
            {"weekday": 6, "from": "10:00", "to": "14:00"},
        ],
    } | more


def _room(cast: Cast, **more: Any) -> dict[str, Any]:
    wanted = {
        "location": str(cast.north.pk),
        "name": "Elm",
        "kinds": ["dosing", "medical"],
        "turnover_min": 15,
    }
    return wanted | more


def _rows() -> list[Any]:
    return [*Location.objects.order_by("pk").values(), *Room.objects.order_by("pk").values()]


def _refused(cast: Cast, path: str, wanted: dict[str, Any], status: int, by: str = "admin") -> Any:
    before = _rows()
    answer = cast.desk(by).post(path, wanted)
    assert answer.status_code == status, answer.content
    assert _rows() == before
    return answer.json()


# --- locations -------------------------------------------------------------------------------------------


def test_a_location_is_opened(cast: Cast) -> None:
    wanted = _location()
    made = cast.desk("admin").must("locations/", wanted)
    assert {name: made[name] for name in wanted} == wanted | {"address": ADDRESS | {"line2": ""}}
    assert (made["pos_code"], made["version"]) == ("11", 1)
    assert cast.desk("therapist").get(f"locations/{made['id']}/").json() == made


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"time_zone": "Denver"}, "/time_zone"),
        ({"time_zone": "UTC+7"}, "/time_zone"),
        ({"opening_hours": [{"weekday": 0, "from": "12:00", "to": "08:00"}]}, "/opening_hours/0/to"),
        ({"opening_hours": [{"weekday": 0, "from": "08:00", "to": "08:00"}]}, "/opening_hours/0/to"),
        ({"opening_hours": [{"weekday": 7, "from": "08:00", "to": "12:00"}]}, "/opening_hours/0/weekday"),
        ({"opening_hours": [{"weekday": 0, "from": "8 am", "to": "12:00"}]}, "/opening_hours/0/from"),
        ({"opening_hours": [{"weekday": 0, "from": "08:00"}]}, "/opening_hours/0/to"),
        (
            {
                "opening_hours": [
                    {"weekday": 0, "from": "08:00", "to": "12:00"},
                    {"weekday": 0, "from": "11:59", "to": "18:00"},
                ]
            },
            "/opening_hours/1/from",
        ),
        ({"address": ADDRESS | {"postal_code": "8"}}, "/address/postal_code"),
        ({"dea_number": "12"}, "/dea_number"),
        ({"pos_code": "1"}, "/pos_code"),
        ({"pos_code": "77"}, "/pos_code"),
        ({"pos_code": "٧٧"}, "/pos_code"),
        ({"ein": "١٢٣٤٥٦٧٨٩"}, "/ein"),
        ({"name": ""}, "/name"),
    ],
)
def test_a_location_that_cannot_be_is_refused(cast: Cast, more: dict[str, Any], pointer: str) -> None:
    errors = _refused(cast, "locations/", _location(**more), 400)["errors"]
    assert {error["pointer"] for error in errors} == {pointer}


@pytest.mark.parametrize(
    "npi", ["1234567890", "3234567893", "123456789", "١٢٣٤٥٦٧٨٩٣", "12345678931", "123 456 78"]
)
def test_an_organization_has_a_true_npi(cast: Cast, npi: str) -> None:
    (error,) = _refused(cast, "locations/", _location(organization_npi=npi), 400)["errors"]
    assert (error["pointer"], error["code"]) == ("/organization_npi", "npi_invalid")
    tag = cast.desk("admin").get(f"locations/{cast.north.pk}/").headers["ETag"]
    answer = cast.desk("admin").patch(f"locations/{cast.north.pk}/", {"organization_npi": npi}, match=tag)
    assert answer.status_code == 400
    cast.north.refresh_from_db()
    assert cast.north.organization_npi == "1457398620"


@pytest.mark.parametrize("npi", ["", "1457398620", "1636083770"])
def test_an_organization_may_have_no_npi_or_one_that_ends_in_zero(cast: Cast, npi: str) -> None:
    made = cast.desk("admin").must("locations/", _location(organization_npi=npi))
    assert made["organization_npi"] == npi


@pytest.mark.parametrize("name", ["North", "NORTH"])
def test_a_name_is_given_once(cast: Cast, name: str) -> None:
    _refused(cast, "locations/", _location(name=name), 409)


@pytest.mark.parametrize("name", OTHERS)
def test_only_the_administrator_changes_places(cast: Cast, name: str) -> None:
    _refused(cast, "locations/", _location(), 403, by=name)
    _refused(cast, "rooms/", _room(cast), 403, by=name)
    before = _rows()
    for path in (f"locations/{cast.north.pk}/", f"rooms/{cast.aspen.pk}/"):
        assert cast.desk(name).patch(path, {"name": "Mine"}, match='"1"').status_code == 403
    assert _rows() == before


@pytest.mark.parametrize("name", PERSON.values())
def test_everybody_reads_places(cast: Cast, name: str) -> None:
    desk = cast.desk(name)
    assert [row["name"] for row in desk.get("locations/").json()["results"]] == ["North", "South"]
    assert {row["name"] for row in desk.get("rooms/").json()["results"]} == {"Aspen", "Birch", "Cedar"}


def test_opening_hours_change_from_now_on(cast: Cast) -> None:
    hours = [{"weekday": 2, "from": "09:00", "to": "17:00"}]
    answer = cast.desk("admin").patch(f"locations/{cast.north.pk}/", {"opening_hours": hours})
    assert answer.json()["opening_hours"] == hours
    bad = [{"weekday": 2, "from": "17:00", "to": "09:00"}]
    refused = cast.desk("admin").patch(f"locations/{cast.north.pk}/", {"opening_hours": bad})
    assert refused.status_code == 400
    assert cast.desk("admin").get(f"locations/{cast.north.pk}/").json()["opening_hours"] == hours


# --- rooms -----------------------------------------------------------------------------------------------


def test_a_room_is_opened_and_changed(cast: Cast) -> None:
    wanted = _room(cast)
    made = cast.desk("admin").must("rooms/", wanted)
    assert {name: made[name] for name in wanted} == wanted
    assert made["is_active"] is True
    answer = cast.desk("admin").patch(f"rooms/{made['id']}/", {"turnover_min": 30, "is_active": False})
    assert (answer.json()["turnover_min"], answer.json()["is_active"]) == (30, False)


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"location": "01900000-0000-7000-8000-00000000dead"}, "/location"),
        ({"location": "North"}, "/location"),
        ({"kinds": []}, "/kinds"),
        ({"kinds": ["massage"]}, "/kinds/0"),
        ({"turnover_min": -1}, "/turnover_min"),
        ({"turnover_min": 241}, "/turnover_min"),
        ({"turnover_min": 7.5}, "/turnover_min"),
        ({"name": "x" * 81}, "/name"),
    ],
)
def test_a_room_that_cannot_be_is_refused(cast: Cast, more: dict[str, Any], pointer: str) -> None:
    errors = _refused(cast, "rooms/", _room(cast, **more), 400)["errors"]
    assert {error["pointer"] for error in errors} == {pointer}


def test_two_locations_may_each_have_an_aspen(cast: Cast) -> None:
    _refused(cast, "rooms/", _room(cast, name="aspen"), 409)
    cast.desk("admin").must("rooms/", _room(cast, name="Aspen", location=str(cast.south.pk)))


def test_rooms_are_found_by_location_and_kind(cast: Cast) -> None:
    cast.desk("admin").must("rooms/", _room(cast, kinds=["medical"]))
    desk = cast.desk("frontdesk")

    def names(**query: str) -> set[str]:
        return {row["name"] for row in desk.get("rooms/", **query).json()["results"]}

    assert names(location=str(cast.north.pk)) == {"Aspen", "Birch", "Elm"}
    assert names(location=str(cast.north.pk), kind="dosing") == {"Aspen", "Birch"}
    assert names(is_active="false") == set()
