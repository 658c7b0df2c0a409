"""Names, numbers and dates as people write them: folded once, for search and for likely duplicates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice import rules
from kapclinic.practice.models import Client
from tests import cast as people
from tests.cast import ADDRESS, Cast


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O'Brien", "O’Brien"),
        ("O'Brien", "OBRIEN"),
        ("Łukasz", "lukasz"),
        ("ŁUKASZ", "Lukasz"),
        ("Ørsted", "orsted"),
        ("İpek", "ipek"),
        ("Işık", "isik"),
        ("IŞIK", "ışık"),
        ("Zoë", "zoe"),
        ("Zoe\u0308", "zoë"),
        ("Müller-Straße", "muller strasse"),
        ("Þór", "thor"),
        ("Test, Bar", "test bar"),
        ("Smith–Jones", "smith jones"),
        ("  Mary   Ann ", "mary ann"),
    ],
)
def test_one_name_however_it_is_written(one: str, other: str) -> None:
    assert rules.folded(one) == rules.folded(other)


@pytest.mark.parametrize(("one", "other"), [("Lee", "Leigh"), ("Ana", "Anna"), ("Brien", "O Brian")])
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert rules.folded(one) != rules.folded(other)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("+1 720 555 0101", "7205550101"),
        ("1-720-555-0101", "7205550101"),
        ("(720) 555-0101", "7205550101"),
        ("720.555.0101", "7205550101"),
        ("+1 720 555", "720555"),
        ("+44 20 7946 0958", "442079460958"),
        ("0044 20 7946 0958", "442079460958"),
        ("011 44 20 7946 0958", "442079460958"),
    ],
)
def test_one_number_however_it_is_written(text: str, key: str) -> None:
    assert rules.phone_key(text) == key


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("+1 720 555 0101", "+17205550101"),
        ("1 720 555 0101", "+17205550101"),
        ("+44 20 7946 0958", "+442079460958"),
        ("555-0142", ""),
        ("720-555-0101 ext. 4", ""),
        ("+1 720 555", ""),
        ("120-555-0101", ""),
        ("720-155-0101", ""),
        ("911-555-0101", ""),
        ("720-411-0101", ""),
        ("+0 720 555 0101", ""),
    ],
)
def test_numbers_that_an_sms_reaches(phone: str, number: str) -> None:
    assert rules.e164(phone) == number


# --- at the front desk -----------------------------------------------------------------------------------


FOUND = {
    "bar": ("Bar", "Test", "+1 720 555 0101", date(1985, 3, 4), "bar.test@example.test"),
    "obrien": ("Una", "O'Brien", "720-555-0102", date(1971, 1, 2), ""),
    "curly": ("Una", "O’Brien", "720-555-0103", date(1972, 1, 2), ""),
    "lukasz": ("Łukasz", "Nowak", "720-555-0104", date(1973, 1, 2), ""),
    "orsted": ("Hans", "Ørsted", "720-555-0105", date(1974, 1, 2), ""),
    "ipek": ("İpek", "Işık", "720-555-0106", date(1975, 11, 12), "ipek@example.test"),
}


@pytest.fixture
def known(cast: Cast) -> dict[str, Client]:
    return {
        name: people.client(
            cast.north,
            by=cast.frontdesk,
            first=first,
            last=last,
            phone=phone,
            date_of_birth=born,
            email=email,
        )
        for name, (first, last, phone, born, email) in FOUND.items()
    }


SEARCHES = {
    "Test, Bar": {"bar"},
    "Bar Test": {"bar"},
    "O'Brien": {"obrien", "curly"},
    "O’Brien": {"obrien", "curly"},
    "obrien una": {"obrien", "curly"},
    "O Brien": {"obrien", "curly"},
    "lukasz": {"lukasz"},
    "ŁUKASZ": {"lukasz"},
    "Orsted": {"orsted"},
    "Ørsted": {"orsted"},
    "ipek": {"ipek"},
    "İPEK ışık": {"ipek"},
    "isik": {"ipek"},
    "+1 720 555 0101": {"bar"},
    "+1 720 555 01": set(FOUND),
    "(720) 555-0101": {"bar"},
    "1 720 555 0101": {"bar"},
    "test 720-555-0101": {"bar"},
    "3/4/1985": {"bar"},
    "03/04/1985": {"bar"},
    "1985-3-4": {"bar"},
    "3-4-1985": {"bar"},
    "11/12/1975": {"ipek"},
    "4/3/1985": set(),
    "bar.test@example.test": {"bar"},
    "BAR.TEST@EXAMPLE.TEST": {"bar"},
    "ipek@example": {"ipek"},
    "Ipek, Isik, 11/12/1975": {"ipek"},
    "'": set(),
    ",": set(),
}


def test_a_client_is_found_as_people_write(cast: Cast, known: dict[str, Client]) -> None:
    names = {str(client.pk): name for name, client in known.items()}
    for text, wanted in SEARCHES.items():
        rows = cast.desk("frontdesk").get("clients/", search=text).json()["results"]
        assert {names[row["id"]] for row in rows} == wanted, text


def _body(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "legal_first_name": "Somebody",
        "legal_last_name": "Else",
        "date_of_birth": "1999-09-09",
        "administrative_sex": "X",
        "phone": "303-555-0199",
        "address": ADDRESS,
        "locations": [str(cast.north.pk)],
    } | more


TWINS = {
    "obrien": ({"legal_last_name": "O’BRIEN", "date_of_birth": "1971-01-02"}, ["last_name", "date_of_birth"]),
    "lukasz": (
        {"legal_first_name": "lukasz", "date_of_birth": "1973-01-02"},
        ["first_name", "date_of_birth"],
    ),
    "orsted": (
        {"legal_first_name": "Orsted", "legal_last_name": "Hans", "date_of_birth": "1974-01-02"},
        ["swapped_names", "date_of_birth"],
    ),
    "ipek": ({"email": "IPEK@example.test"}, ["email"]),
    "bar": ({"phone": "(720) 555 0101"}, ["phone"]),
}


def test_likely_duplicates_are_named_with_what_is_the_same(cast: Cast, known: dict[str, Client]) -> None:
    for name, (more, same) in TWINS.items():
        (warning,) = cast.desk("frontdesk").must("clients/", _body(cast, **more))["warnings"]
        assert warning["code"] == "likely_duplicate"
        (candidate,) = warning["candidates"]
        twin = known[name]
        assert (candidate["id"], candidate["mrn"], candidate["same"]) == (str(twin.pk), twin.mrn, same)
        assert (candidate["legal_last_name"], candidate["date_of_birth"]) == (
            twin.legal_last_name,
            twin.date_of_birth.isoformat(),
        )
        _move_away(cast)


def _move_away(cast: Cast) -> None:
    """Let the client who was registered last look like nobody, for the next one."""
    row = Client.objects.order_by("-created_at", "-pk").first()
    row.phone, row.email, row.date_of_birth = "303-555-0111", "", date(2000, 1, 1)
    row.legal_first_name = row.legal_last_name = row.mrn
    row.search_text = rules.found_by(row, [])
    row.save_by(cast.frontdesk, at=clock.now())


@pytest.mark.parametrize("phone", ["555-0142", "720-555-0101 ext. 4", "+1 720 555 01"])
def test_a_number_that_no_sms_can_reach_says_so_and_is_saved(cast: Cast, phone: str) -> None:
    made = cast.desk("frontdesk").must("clients/", _body(cast, phone=phone))
    (warning,) = made["warnings"]
    assert (warning["code"], warning["field"]) == ("sms_unreachable", "phone")
    assert (made["phone"], made["sms_reachable"]) == (phone, False)
    (row,) = cast.desk("frontdesk").get("clients/").json()["results"]
    assert row["sms_reachable"] is False
    better = cast.desk("frontdesk").patch(f"clients/{made['id']}/", {"phone": "+1 720 555 0101"}).json()
    assert (better["warnings"], better["sms_reachable"]) == ([], True)
