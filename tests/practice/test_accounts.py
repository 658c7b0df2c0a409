"""Who may hold which role, and which passwords are good enough."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser

from kapclinic.practice import services
from kapclinic.practice.accounts import LastAdministrator
from kapclinic.practice.models import Role, User
from kapclinic.trail.models import AuditEvent
from tests import cast as people
from tests.cast import MONDAY, PASSWORD, Cast
from tests.racing import race


def _rows() -> list[Any]:
    return list(User.objects.order_by("pk").values())


def _own(cast: Cast, name: str = "admin") -> str:
    return f"staff/{cast.people[name].pk}/"


def _refused(answer: Any, status: int, code: str, before: list[Any]) -> Any:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert _rows() == before
    return answer.json()


# --- the last administrator ----------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"roles": ["front_desk"]}, {"is_active": False}])
def test_the_last_administrator_stays(cast: Cast, change: dict[str, Any]) -> None:
    before = _rows()
    told = _refused(cast.desk("admin").patch(_own(cast), change), 409, "last_administrator", before)
    assert "example.test" not in str(told)
    people.colleague(
        cast, "second", Role.ADMIN, is_active=False
    )  # an account that is closed counts for nothing
    before = _rows()
    _refused(cast.desk("admin").patch(_own(cast), change), 409, "last_administrator", before)
    path = _own(cast, "second")
    assert cast.desk("admin").patch(path, {"is_active": True}).status_code == 200
    assert cast.desk("admin").patch(_own(cast), change).status_code == 200
    cast.second.refresh_from_db()
    answer = cast.desk("second").patch(path, {"is_active": False})  # who is the last one by now
    assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")


def test_nor_does_the_database_let_the_last_one_go(cast: Cast) -> None:
    for change in ("is_active = false", "roles = '{front_desk}'"):
        with (
            pytest.raises(DatabaseError, match="last administrator"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE practice_user SET {change} WHERE id = %s", [cast.admin.pk])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE practice_user SET name = 'Other' WHERE id = %s", [cast.admin.pk])
        cursor.execute("UPDATE practice_user SET is_active = false WHERE id = %s", [cast.np.pk])


@pytest.fixture
def clinic(transactional_db: None, now: object) -> Cast:
    return people.assemble()


@pytest.mark.django_db(transaction=True)
def test_two_administrators_do_not_close_each_other(clinic: Cast) -> None:
    second = people.staff("second", ["admin"], clinic.north)

    def close(who: User, by: User) -> None:
        with transaction.atomic():
            row = User.objects.select_for_update(no_key=True).get(pk=who.pk)
            services.save_staff(user=row, values={"is_active": False}, by=by, at=MONDAY)

    raised = race(lambda: close(second, clinic.admin), lambda: close(clinic.admin, second))
    assert [type(one) for one in raised] == [LastAdministrator]
    assert User.objects.filter(is_active=True, roles__contains=[Role.ADMIN]).count() == 1


# --- a clinical role for oneself -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["nurse_practitioner", "therapist", "prescriber", "medical_director"])
def test_an_administrator_takes_no_clinical_role(cast: Cast, role: str) -> None:
    before = _rows()
    answer = cast.desk("admin").patch(_own(cast), {"roles": ["admin", role]})
    assert _refused(answer, 403, "needs_director", before)["roles"] == [role]
    kept = AuditEvent.objects.filter(outcome="refused", created_by=cast.admin.pk)
    assert [act.object_type for act in kept] == ["staff"]


def test_a_medical_director_gives_it_and_it_can_be_given_up(cast: Cast) -> None:
    give = f"{_own(cast)}clinical-roles/"
    given = cast.desk("director").must(give, {"roles": ["therapist"]})
    assert given["roles"] == ["admin", "therapist"]
    assert cast.desk("director").must(give, {"roles": ["therapist"]})["version"] == given["version"]
    act = AuditEvent.objects.filter(action="staff.give_roles", object_id=cast.admin.pk).first()
    assert act is not None
    assert (act.created_by, act.outcome) == (cast.director.pk, "ok")
    assert (
        cast.back("admin").patch(_own(cast), {"roles": ["admin", "therapist", "billing"]}).status_code == 200
    )
    assert cast.back("admin").patch(_own(cast), {"roles": ["admin"]}).status_code == 200
    answer = cast.back("admin").patch(_own(cast), {"roles": ["admin", "therapist"]})
    assert answer.json()["code"] == "needs_director"  # once given up, it is not taken again


def test_who_gives_no_clinical_role(cast: Cast) -> None:
    cast.people["both"] = people.staff("both", ["admin", "medical_director"], cast.north)
    before = _rows()
    body = {"roles": ["prescriber"]}
    for name in ("admin", "np", "prescriber", "billing", "frontdesk", "therapist"):
        _refused(cast.desk(name).post(f"{_own(cast)}clinical-roles/", body), 403, "not_permitted", before)
    for name in ("director", "both"):  # not to oneself
        answer = cast.desk(name).post(f"{_own(cast, name)}clinical-roles/", body)
        _refused(answer, 403, "needs_director", before)
    answer = cast.desk("director").post(f"{_own(cast, 'np')}clinical-roles/", body)
    _refused(answer, 409, "not_an_administrator", before)
    for wrong in ({"roles": []}, {"roles": ["admin"]}, {"roles": ["billing"]}, {}):
        answer = cast.desk("director").post(f"{_own(cast)}clinical-roles/", wrong)
        _refused(answer, 400, "invalid", before)
    assert (
        cast.desk("director")
        .post("staff/01900000-0000-7000-8000-00000000dead/clinical-roles/", body)
        .status_code
        == 404
    )


# --- passwords -----------------------------------------------------------------------------------------------

WEAK = [
    "123456789012",
    "Passwort123456",
    "hunter2hunter2",
    "aaaaaaaaaaaaaaaa",
    "kapclinicketamine",
]


@pytest.mark.parametrize("password", WEAK)
def test_a_password_that_is_soon_guessed_is_refused_everywhere(cast: Cast, password: str) -> None:
    before = _rows()
    account = {
        "email": "new.person@example.test",
        "name": "New Person",
        "roles": ["billing"],
        "locations": [],
    }
    answer = cast.desk("admin").post("staff/", account | {"password": password})
    told = _refused(answer, 400, "invalid", before)
    assert {(error["pointer"], error["code"]) for error in told["errors"]} == {("/password", "weak")}
    assert password not in answer.content.decode()
    answer = cast.desk("admin").patch(_own(cast, "np"), {"password": password})
    _refused(answer, 400, "invalid", before)
    change = {"old_password": PASSWORD, "new_password": password}
    _refused(cast.desk("np").post("auth/password/", change, key=None), 400, "invalid", before)


@pytest.mark.parametrize("password", ["newperson2026", "Person!New!26", "new.person@example"])
def test_ones_own_name_counts_for_nothing(cast: Cast, password: str) -> None:
    before = _rows()
    account = {
        "email": "new.person@example.test",
        "name": "New Person",
        "roles": ["billing"],
        "locations": [],
    }
    told = _refused(
        cast.desk("admin").post("staff/", account | {"password": password}), 400, "invalid", before
    )
    assert {(error["pointer"], error["code"]) for error in told["errors"]} == {("/password", "weak")}


@pytest.mark.parametrize(
    "password", ["violet lantern harbour", "kx2v9-hq7dp-m3tzr-w8bnc", "x" * 3 + "Qv7!bertha&Kiosk" * 9]
)
def test_a_password_of_words_or_of_a_machine_is_taken(cast: Cast, password: str) -> None:
    assert cast.desk("admin").patch(_own(cast, "np"), {"password": password}).status_code == 200
    body = {"email": cast.np.email, "password": password}
    assert cast.desk("admin").client.post("/api/v1/auth/login/", body, format="json").status_code == 200


def test_a_password_by_the_administrator_ends_what_was_signed_in(cast: Cast) -> None:
    browser, desk = Browser(), cast.desk("np")
    body = {"email": cast.np.email, "password": PASSWORD}
    browser.post("/api/v1/auth/login/", body, content_type="application/json")
    assert browser.get("/api/v1/auth/me/").status_code == 200
    assert cast.desk("admin").patch(_own(cast, "np"), {"name": "Nadia Vitals"}).status_code == 200
    assert desk.get("auth/me/").status_code == 200
    assert (
        cast.desk("admin").patch(_own(cast, "np"), {"password": "violet lantern harbour"}).status_code == 200
    )
    assert browser.get("/api/v1/auth/me/").status_code == 401
    assert desk.get("auth/me/").status_code == 401
    assert cast.desk("admin").get("auth/me/").status_code == 200
