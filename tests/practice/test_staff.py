"""Accounts, working hours and time off."""

from __future__ import annotations

from typing import Any

import pytest

from kapclinic.practice.models import TimeOff, User, WorkingHours
from tests.api.routes import PERSON
from tests.cast import MONDAY, Cast
from tests.cast.desk import Browser
from tests.journeys.steps import moment
from tests.sessions.booking.desk import TUESDAY

OTHERS = [name for name in PERSON.values() if name != "admin"]


def _account(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "email": "new@example.test",
        "name": "New Person",
        "roles": ["therapist", "prescriber"],
        "locations": [str(cast.north.pk)],
        "credentials": "LCSW",
        "npi": "1234567893",
        "license": {"number": "L-9", "state": "CO"},
        "kap_trained": True,
        "monitor_capacity": 2,
    } | more


def _rows() -> list[Any]:
    tables = (User, WorkingHours, TimeOff)
    return [row for table in tables for row in table.objects.order_by("pk").values()]


def _refused(cast: Cast, path: str, wanted: Any, status: int, by: str = "admin", method: str = "post") -> Any:
    before = _rows()
    answer = getattr(cast.desk(by), method)(path, wanted)
    assert answer.status_code == status, answer.content
    assert _rows() == before
    return answer.json()


# --- accounts --------------------------------------------------------------------------------------------


def test_an_account_is_opened(cast: Cast) -> None:
    wanted = _account(cast)
    made = cast.desk("admin").must("staff/", wanted)
    assert {name: made[name] for name in wanted} == wanted
    assert (made["is_active"], made["warnings"]) == (True, [])
    assert "password" not in made


def test_an_account_without_a_password_lets_nobody_in(cast: Cast) -> None:
    cast.desk("admin").must("staff/", _account(cast))
    for password in ("", "!", "None"):
        body = {"email": "new@example.test", "password": password}
        assert cast.desk("admin").client.post("/api/v1/auth/login/", body, format="json").status_code in {
            400,
            401,
        }


def test_a_password_is_kept_as_it_was_typed_with_its_blanks(cast: Cast) -> None:
    password = "  lantern gravel ostrich nine "
    admin, sign_in = cast.desk("admin"), cast.desk("admin").client
    made = admin.must("staff/", _account(cast, password=password))
    again = {"password": password[::-1], "reason": "It is forgotten"}
    for shown in (password, password[::-1]):
        body = {"email": "new@example.test", "password": shown.strip()}
        assert sign_in.post("/api/v1/auth/login/", body, format="json").status_code == 401
        assert Browser(User.objects.get(pk=made["id"])).sign_in(shown).status_code == 200
        assert admin.patch(f"staff/{made['id']}/", again).status_code == 200


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"email": "np@example.test"}, "/email"),
        ({"email": "NP@example.test"}, "/email"),
        ({"email": "nobody"}, "/email"),
        ({"roles": []}, "/roles"),
        ({"roles": ["king"]}, "/roles/0"),
        ({"locations": ["01900000-0000-7000-8000-00000000dead"]}, "/locations/0"),
        ({"npi": "12"}, "/npi"),
        ({"license": {"number": "L-9"}}, "/license/state"),
        ({"license": {"number": "L-9", "state": "Colorado"}}, "/license/state"),
        ({"dea_number": "12"}, "/dea_number"),
        ({"monitor_capacity": 0}, "/monitor_capacity"),
        ({"monitor_capacity": 21}, "/monitor_capacity"),
        ({"password": "short"}, "/password"),
        ({"password": "new@example.test"}, "/password"),
        ({"is_superuser": True}, "/is_superuser"),
    ],
)
def test_an_account_that_cannot_be_is_refused(cast: Cast, more: dict[str, Any], pointer: str) -> None:
    errors = _refused(cast, "staff/", _account(cast, **more), 400)["errors"]
    assert {error["pointer"] for error in errors} == {pointer}


def test_a_wrong_check_digit_of_an_npi_warns(cast: Cast) -> None:
    made = cast.desk("admin").must("staff/", _account(cast, npi="1234567890"))
    assert [row["code"] for row in made["warnings"]] == ["npi_invalid"]


@pytest.mark.parametrize("name", OTHERS)
def test_only_the_administrator_changes_accounts(cast: Cast, name: str) -> None:
    _refused(cast, "staff/", _account(cast), 403, by=name)
    before = _rows()
    own = f"staff/{getattr(cast, name).pk}/"
    assert cast.desk(name).patch(own, {"roles": ["medical_director"]}, match='"1"').status_code == 403
    assert cast.desk(name).put(f"{own}working-hours/", []).status_code == 403
    assert _rows() == before


def test_a_change_of_roles_keeps_its_history(cast: Cast) -> None:
    path = f"staff/{cast.np.pk}/"
    assert cast.desk("admin").patch(path, {"roles": ["nurse_practitioner", "prescriber"]}).status_code == 200
    history = User.history.filter(id=cast.np.pk).order_by("history_id")
    assert [row.roles for row in history][-2:] == [
        ["nurse_practitioner"],
        ["nurse_practitioner", "prescriber"],
    ]
    assert history.last().history_user_id == cast.admin.pk


def test_staff_are_found_by_location_and_role(cast: Cast) -> None:
    desk = cast.desk("frontdesk")

    def emails(**query: str) -> set[str]:
        rows = desk.get("staff/", page_size="200", **query).json()["results"]
        return {row["email"].split("@")[0] for row in rows}

    assert emails(role="therapist", location=str(cast.north.pk)) == {"therapist", "other_therapist"}
    assert emails(role="nurse_practitioner") == {"np", "south_np"}
    assert emails(is_active="false") == set()


# --- working hours ---------------------------------------------------------------------------------------


def _hours(cast: Cast, *rows: tuple[int, str, str]) -> list[dict[str, Any]]:
    return [{"location": str(cast.north.pk), "weekday": day, "from": a, "to": b} for day, a, b in rows]


def test_hours_replace_those_before_and_keep_them(cast: Cast) -> None:
    path = f"staff/{cast.np.pk}/working-hours/"
    first = _hours(cast, (0, "08:00", "12:00"), (0, "13:00", "17:00"))
    assert cast.desk("admin").put(path, first).json() == first
    second = _hours(cast, (1, "09:00", "15:00"))
    assert cast.desk("admin").put(path, second).json() == second
    assert cast.desk("frontdesk").get(path).json() == second
    ended = WorkingHours.objects.filter(user=cast.np, ended_at=MONDAY)
    assert ended.filter(weekday=0, starts="13:00").count() == 1
    assert cast.desk("admin").put(path, []).json() == []


def test_hours_that_somebody_else_replaced_meanwhile_stand(cast: Cast) -> None:
    path = f"staff/{cast.np.pk}/working-hours/"
    admin = cast.desk("admin")
    read = admin.get(path).headers["ETag"]

    def put(rows: list[dict[str, Any]], tag: str) -> Any:
        return admin.client.put(f"/api/v1/{path}", rows, format="json", headers={"If-Match": tag})

    first = put(_hours(cast, (0, "08:00", "12:00")), read)
    assert (first.status_code, first.headers["ETag"] != read) == (200, True)
    stale = put(_hours(cast, (1, "08:00", "12:00")), read)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert admin.get(path).json() == first.json()
    assert admin.get(path).headers["ETag"] == first.headers["ETag"]
    none_left = put([], first.headers["ETag"])  # an empty week is a change too
    assert (none_left.status_code, admin.get(path).headers["ETag"]) == (200, none_left.headers["ETag"])
    assert put([], first.headers["ETag"]).status_code == 412


@pytest.mark.parametrize(
    ("rows", "pointer"),
    [
        pytest.param([(0, "17:00", "08:00")], "/0/to", id="reversed"),
        pytest.param([(0, "08:00", "08:00")], "/0/to", id="no time at all"),
        pytest.param([(0, "08:00", "12:00"), (0, "11:00", "15:00")], "/1/from", id="overlapping"),
        pytest.param([(0, "08:00", "18:00"), (0, "09:00", "10:00")], "/1/from", id="one inside the other"),
        pytest.param([(0, "08:00", "12:00"), (0, "08:00", "12:00")], "/1/from", id="twice"),
        pytest.param([(7, "08:00", "12:00")], "/0/weekday", id="an eighth day"),
        pytest.param([(0, "24:00", "24:00")], "/0/from", id="a day that begins at its end"),
        pytest.param([(0, "08:00", "24:15")], "/0/to", id="after the end of the day"),
        pytest.param([(0, "08:00", "00:00")], "/0/to", id="the midnight that begins the day"),
        pytest.param([(0, "eight", "12:00")], "/0/from", id="in words"),
    ],
)
def test_hours_that_cannot_be_change_nothing(
    cast: Cast, rows: list[tuple[int, str, str]], pointer: str
) -> None:
    path = f"staff/{cast.np.pk}/working-hours/"
    errors = _refused(cast, path, _hours(cast, *rows), 400, method="put")["errors"]
    assert {error["pointer"] for error in errors} == {pointer}


@pytest.mark.parametrize("wanted", [{}, "always", None, [7], [[]], [{"weekday": 0}], [{}] * 101])
def test_hours_that_are_no_list_of_hours_are_refused(cast: Cast, wanted: Any) -> None:
    _refused(cast, f"staff/{cast.np.pk}/working-hours/", wanted, 400, method="put")


def test_hours_at_an_unknown_location_are_refused(cast: Cast) -> None:
    rows = [
        {"location": "01900000-0000-7000-8000-00000000dead", "weekday": 0, "from": "08:00", "to": "12:00"}
    ]
    errors = _refused(cast, f"staff/{cast.np.pk}/working-hours/", rows, 400, method="put")["errors"]
    assert [error["pointer"] for error in errors] == ["/0/location"]


def test_hours_may_last_until_midnight_and_go_on_after_it(cast: Cast) -> None:
    rows = _hours(cast, (0, "20:00", "24:00"), (1, "00:00", "06:00"))
    path = f"staff/{cast.np.pk}/working-hours/"
    assert cast.desk("admin").put(path, rows).json() == rows
    assert cast.desk("frontdesk").get(path).json() == rows


def test_back_to_back_hours_are_accepted(cast: Cast) -> None:
    rows = _hours(cast, (0, "08:00", "12:00"), (0, "12:00", "16:00"))
    assert cast.desk("admin").put(f"staff/{cast.np.pk}/working-hours/", rows).status_code == 200


# --- time off --------------------------------------------------------------------------------------------


def test_time_off_is_told_and_listed(cast: Cast) -> None:
    wanted = {"starts_at": moment(MONDAY), "ends_at": moment(TUESDAY), "reason": "Training"}
    made = cast.desk("frontdesk").must(f"staff/{cast.np.pk}/time-off/", wanted)
    assert {name: made[name] for name in wanted} == wanted
    listed = cast.desk("therapist").get(f"staff/{cast.np.pk}/time-off/").json()
    assert [row["id"] for row in listed["results"]] == [made["id"]]


@pytest.mark.parametrize(("start", "end"), [(TUESDAY, MONDAY), (MONDAY, MONDAY)])
def test_time_off_ends_after_it_starts(cast: Cast, start: Any, end: Any) -> None:
    wanted = {"starts_at": moment(start), "ends_at": moment(end)}
    errors = _refused(cast, f"staff/{cast.np.pk}/time-off/", wanted, 400)["errors"]
    assert [error["pointer"] for error in errors] == ["/ends_at"]


@pytest.mark.parametrize(("name", "status"), [("billing", 403), ("south_frontdesk", 404), ("south_np", 404)])
def test_time_off_is_told_by_ones_own_location(cast: Cast, name: str, status: int) -> None:
    wanted = {"starts_at": moment(MONDAY), "ends_at": moment(TUESDAY)}
    _refused(cast, f"staff/{cast.np.pk}/time-off/", wanted, status, by=name)
