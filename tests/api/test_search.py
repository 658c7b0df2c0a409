"""The front desk finds a client by whatever the caller says; a client of another location is never found."""

from __future__ import annotations

from datetime import date

import pytest

from kapclinic.practice.models import Client
from tests import cast as people
from tests.cast import Cast


@pytest.fixture
def zoe(cast: Cast) -> Client:
    return people.client(
        cast.north,
        by=cast.frontdesk,
        first="Zoë",
        last="Núñez-O'Brien",
        chosen_name="Åsa",
        phone="(303) 555-0187",
        date_of_birth=date(1979, 11, 5),
    )


@pytest.fixture(autouse=True)
def others(cast: Cast) -> None:
    people.client(cast.north, by=cast.frontdesk, first="Robin", last="Sample", phone="720-555-0101")
    people.client(cast.north, by=cast.frontdesk, first="Zo", last="Nunn", phone="720-555-0102")


def _found(cast: Cast, text: str, by: str = "frontdesk") -> list[str]:
    answer = cast.desk(by).get("clients/", search=text)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    "text",
    [
        "Zoë",
        "zoe",
        "ZOË",
        "nunez",
        "Núñez",
        "nuñez",
        "o'brien",
        "Åsa",
        "asa",
        "asa nunez",
        "Núñez-O'Brien Zoë",
        "unez",
        "303-555-0187",
        "(303) 555-0187",
        "3035550187",
        "303.555.0187",
        "5550187",
        "1979-11-05",
        "11/05/1979",
        "zoe 1979-11-05",
        "  zoe  ",
    ],
)
def test_a_client_is_found_by(cast: Cast, zoe: Client, text: str) -> None:
    assert _found(cast, text) == [str(zoe.pk)]


def test_a_client_is_found_by_their_record_number(cast: Cast, zoe: Client) -> None:
    for text in (zoe.mrn, zoe.mrn.lower()):
        assert _found(cast, text) == [str(zoe.pk)]


@pytest.mark.parametrize(
    "text", ["zoe sample", "%", "_", "zo%", r"\\", "zoe'; DROP TABLE practice_client; --", "1979-11-06"]
)
def test_nobody_is_found_by(cast: Cast, zoe: Client, text: str) -> None:
    assert _found(cast, text) == []


def test_a_changed_name_is_found_at_once(cast: Cast, zoe: Client) -> None:
    answer = cast.desk("frontdesk").patch(
        f"clients/{zoe.pk}/", {"legal_last_name": "Müller", "phone": "970-555-0199"}
    )
    assert answer.status_code == 200
    assert _found(cast, "muller") == _found(cast, "9705550199") == [str(zoe.pk)]
    assert _found(cast, "nunez") == []


def test_a_birth_date_is_a_filter_too(cast: Cast, zoe: Client) -> None:
    rows = cast.desk("frontdesk").get("clients/", date_of_birth="1979-11-05").json()["results"]
    assert [row["id"] for row in rows] == [str(zoe.pk)]


def test_a_client_of_another_location_is_never_found(cast: Cast, zoe: Client) -> None:
    for text in ("zoe", zoe.mrn, "3035550187", "1979-11-05", ""):
        assert str(zoe.pk) not in _found(cast, text, by="south_frontdesk")
    answer = cast.desk("south_frontdesk").get("clients/", location=str(cast.north.pk))
    assert answer.json()["results"] == []
    assert cast.desk("south_frontdesk").get(f"clients/{zoe.pk}/").status_code == 404


def test_a_client_of_two_locations_is_found_at_both(cast: Cast) -> None:
    cast.frontdesk.locations = [cast.north.pk, cast.south.pk]
    cast.frontdesk.save_by(cast.admin, at=people.MONDAY)
    shared = people.client(
        cast.north, by=cast.frontdesk, last="Shared", locations=[cast.north.pk, cast.south.pk]
    )
    for by in ("frontdesk", "south_frontdesk"):
        assert _found(cast, "shared", by=by) == [str(shared.pk)]


def test_a_search_is_no_part_of_the_record_of_who_was_seen(cast: Cast, zoe: Client) -> None:
    """Only the clients that a search showed are noted as read."""
    _found(cast, "zoe nunez")
    log = cast.desk("director").get(f"clients/{zoe.pk}/access-log/").json()["results"]
    assert (log[0]["action"], log[0]["by"]) == ("client.list", str(cast.frontdesk.pk))
    assert "zoe" not in str(log).lower()


def test_rooms_locations_staff_and_protocols_are_found_by_words_of_their_names(cast: Cast) -> None:
    approved = cast.desk("director").must(
        "protocols/", {"name": "Evening lozenge", "program_type": "kap", "route": "sublingual"}
    )
    wanted = {
        "rooms": (cast.aspen.name.lower(), str(cast.aspen.pk)),
        "locations": (cast.north.name.upper(), str(cast.north.pk)),
        "staff": (cast.therapist.email, str(cast.therapist.pk)),
        "protocols": ("lozenge evening", approved["id"]),
    }
    for path, (text, found) in wanted.items():
        rows = cast.desk("frontdesk").get(f"{path}/", search=text).json()["results"]
        assert [row["id"] for row in rows] == [found], path
        for nobody in ("%", "no such name"):
            answer = cast.desk("frontdesk").get(f"{path}/", search=nobody).json()
            assert (answer["count"], answer["results"]) == (0, []), path


def test_a_program_is_found_as_its_client_is(cast: Cast, zoe: Client) -> None:
    protocol = people.approved_protocol(cast)
    mine = people.opened_program(cast, protocol=protocol, who=zoe)
    other = people.opened_program(cast, protocol=protocol)

    def found(text: str, by: str = "frontdesk") -> list[str]:
        return [row["id"] for row in cast.desk(by).get("programs/", search=text).json()["results"]]

    assert found("nunez zoe") == found(zoe.mrn) == found("1979-11-05") == [str(mine.pk)]
    assert set(found("")) == {str(mine.pk), str(other.pk)}
    assert found("nunez zoe", by="south_frontdesk") == found("nobody") == []
