"""A reset by others seals what an author alone may read, until the author opens it, or two people do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from kapclinic.practice.factor_models import PrivateNoteOpening
from kapclinic.practice.models import Role, User
from kapclinic.trail.models import AuditEvent
from sessions.notes import selectors
from sessions.notes.models import PsychotherapyNote
from sessions.sweep.steps import send_messages
from tests.cast import MONDAY, PASSWORD, Cast, colleague
from tests.cast.desk import Browser
from tests.practice.test_second_factors import code, later, with_app, with_passkey
from tests.sessions.notes.writing import Book

URL, OPEN, OPENINGS, RESETS = (
    "psychotherapy-notes/",
    "auth/private-notes/open/",
    "private-note-openings/",
    "second-factor-resets/",
)
GIVEN, OWN = "given by another battery, staple", "chosen anew, battery and staple"
TEXT = "She reminds me of a colleague. Zebra. "


def _note(browser: Any, book: Book, **more: Any) -> str:
    body = {"session": str(book["integration"].pk), "text": TEXT}
    return str(browser.must(URL, body, status=201, **more)["id"])


def _reset(cast: Cast, password: str = GIVEN, who: str = "therapist") -> None:
    change = {"password": password, "reason": "It was forgotten"}
    answer = cast.desk("admin").patch(f"staff/{cast.people[who].pk}/", change)
    assert answer.status_code == 200, answer.content


def _in(cast: Cast, password: str = GIVEN, own: str = OWN, **shown: Any) -> Browser:
    """Whoever was given the password signs in by it, and chooses one of their own."""
    browser = Browser(cast.therapist)
    answer = browser.sign_in(password, **shown)
    assert answer.status_code == 200, answer.content
    answer = browser.post("auth/password/", {"old_password": password, "new_password": own}, key=None)
    assert answer.status_code == 204, answer.content
    return browser


def _refused(answer: Any, status: int, why: str) -> Any:
    assert (answer.status_code, answer.json()["code"]) == (status, why), answer.content
    assert "Zebra" not in answer.content.decode()
    return answer.json()


def _sealed(browser: Browser, book: Book, note: str) -> list[str]:
    """No way to the notes is open; the methods that each refusal names."""
    before = list(PsychotherapyNote.objects.order_by("pk").values())
    body = {"session": str(book["integration"].pk), "text": "An impostor's"}
    ways = [
        _refused(answer, 403, "private_notes_sealed")["methods"]
        for answer in (
            browser.get(URL),
            browser.get(f"{URL}{note}/"),
            browser.patch(f"{URL}{note}/", {"text": "Gone"}, match='"1"'),
            browser.post(URL, body),
        )
    ]
    assert list(PsychotherapyNote.objects.order_by("pk").values()) == before
    assert all(way == ways[0] for way in ways)
    return list(ways[0])


def _acts(action: str, who: User) -> list[dict[str, Any] | None]:
    rows = AuditEvent.objects.filter(action=action, object_id=who.pk).order_by("pk")
    return [row.detail for row in rows]


# --- by the author -----------------------------------------------------------------------------------------


def test_a_reset_seals_until_the_author_shows_what_they_had_before(cast: Cast, book: Book) -> None:
    author = cast.browser("therapist")
    secret, codes = with_app(author)
    note = _note(author, book, key="once")
    _refused(author.post(OPEN, {"otp": codes[1]}, key=None), 409, "private_notes_not_sealed")
    with later(hours=1):
        _reset(cast)
        assert _acts("staff.private_notes_sealed", cast.therapist) == [{"because": "password_reset"}]
        _refused(Browser(cast.therapist).sign_in(GIVEN), 401, "second_factor_required")
        author = _in(cast, otp=codes[0])
        assert _sealed(author, book, note) == ["totp", "recovery_code"]
        same = {"session": str(book["integration"].pk), "text": TEXT}
        _refused(author.post(URL, same, key="once"), 403, "private_notes_sealed")  # nor by a replay
        assert author.get("notes/").status_code == 200  # the record is not theirs alone
        asked = _refused(author.post(OPEN, key=None), 401, "second_factor_required")
        assert asked["methods"] == ["totp", "recovery_code"]
        for wrong in ("000000", codes[0], "nonsense"):
            _refused(author.post(OPEN, {"otp": wrong}, key=None), 401, "second_factor_wrong")
        _refused(cast.browser("np").post(OPEN, {"otp": codes[1]}, key=None), 409, "private_notes_not_sealed")
        now = code(secret)
        assert author.post(OPEN, {"otp": now}, key=None).status_code == 204
        _refused(author.post(OPEN, {"otp": now}, key=None), 409, "private_notes_not_sealed")
        assert author.get(f"{URL}{note}/").json()["text"] == TEXT
        assert author.get(URL).json()["count"] == 1
    assert _acts("staff.private_notes_opened", cast.therapist) == [{"how": "second_factor"}]
    tried = AuditEvent.objects.filter(action="private_notes.open", created_by=cast.therapist.pk)
    assert sorted(tried.values_list("outcome", flat=True)) == ["ok", *["refused"] * 4]
    with later(hours=2):  # opened, and reset once more: what was set up since the first time counts by now
        passkey = with_passkey(_in(cast, OWN, PASSWORD, otp=code(secret)))
    with later(hours=3):
        _reset(cast)
        author = Browser(cast.therapist)
        asked = _refused(author.sign_in(GIVEN), 401, "second_factor_required")
        assert author.sign_in(GIVEN, credential=passkey.show(asked["passkey"])).status_code == 200
        _refused(author.post(OPEN, key=None), 403, "password_change_required")
        done = author.post("auth/password/", {"old_password": GIVEN, "new_password": OWN}, key=None)
        assert done.status_code == 204
        assert _sealed(author, book, note) == ["passkey", "totp", "recovery_code"]
        asked = _refused(author.post(OPEN, key=None), 401, "second_factor_required")
        shown = {"credential": passkey.show(asked["passkey"])}
        assert author.post(OPEN, shown, key=None).status_code == 204
        assert author.get(f"{URL}{note}/").json()["text"] == TEXT


def test_what_was_set_up_after_the_reset_opens_nothing(cast: Cast, book: Book) -> None:
    author = cast.browser("therapist")
    secret, codes = with_app(author)
    note = _note(author, book)
    with later(hours=1):
        _reset(cast)
        browser = _in(cast, otp=code(secret))
    with later(hours=1, minutes=1):
        begun = browser.must("auth/second-factors/totp/", {"password": OWN}, status=201)
        path = f"auth/second-factors/totp/{begun['id']}/confirm/"
        newer = browser.must(path, {"otp": code(begun["secret"])})["recovery_codes"]
        ways = ["totp", "recovery_code"]  # those of before: a new set takes no way from its owner
        assert _sealed(browser, book, note) == ways
    with later(hours=1, minutes=2):
        for wrong in (code(begun["secret"]), newer[0]):
            _refused(browser.post(OPEN, {"otp": wrong}, key=None), 401, "second_factor_wrong")
        _reset(cast, OWN + "!")  # the second reset does not make the new ones old
    with later(hours=1, minutes=3):
        browser = _in(cast, OWN + "!", OWN, otp=newer[1])
        assert _sealed(browser, book, note) == ways
        for _ in range(10):
            answer = browser.post(OPEN, {"otp": "000000"}, key=None)
        late = browser.post(OPEN, {"otp": code(secret)}, key=None)
        assert (answer.status_code, late.status_code) == (401, 429)
        assert int(late["Retry-After"]) > 0
        assert _sealed(browser, book, note) == ways
    with later(hours=2):
        browser = Browser(cast.therapist)
        _refused(browser.sign_in(OWN, otp=codes[0]), 401, "second_factor_wrong")  # it opens nothing else
        assert browser.sign_in(OWN, otp=code(secret)).status_code == 200
        token = cast.back("therapist")
        _refused(token.post(OPEN, {"otp": code(secret)}), 403, "session_required")
        assert browser.post(OPEN, {"otp": codes[0]}, key=None).status_code == 204  # the paper was all she had
        assert browser.get(f"{URL}{note}/").json()["text"] == TEXT
    with later(hours=3):
        _reset(cast)
    with later(hours=3, minutes=1):
        _factors_reset(cast)
        browser = _in(cast)
        _refused(browser.post(OPEN, {"otp": newer[2]}, key=None), 409, "no_second_factor")


def test_without_a_second_factor_that_nobody_asks_for_nothing_is_sealed(cast: Cast, book: Book) -> None:
    note = _note(cast.browser("therapist"), book)
    _reset(cast)
    browser = _in(cast)
    assert browser.get(f"{URL}{note}/").json()["text"] == TEXT
    assert User.objects.get(pk=cast.therapist.pk).notes_sealed_at is None
    new = cast.desk("admin").must(
        "staff/",
        {
            "email": "new@example.test",
            "name": "New",
            "roles": ["therapist"],
            "locations": [],
            "password": GIVEN,
        },
    )
    assert User.objects.get(pk=new["id"]).notes_sealed_at is None  # the first password is no reset


def test_where_the_clinic_asks_for_one_a_reset_seals_what_was_written_without(
    cast: Cast, book: Book, settings: Any
) -> None:
    note = _note(cast.browser("therapist"), book)
    admin = cast.browser("admin")
    with_app(admin)
    settings.REQUIRE_SECOND_FACTOR = True
    change = {"password": GIVEN, "reason": "It was forgotten", "email": "elsewhere@example.test"}
    assert admin.patch(f"staff/{cast.therapist.pk}/", change).status_code == 200
    cast.therapist.refresh_from_db()
    with later(minutes=1):  # whoever set it signs in as her, and sets up what the clinic asks for
        browser = _in(cast)
        begun = browser.must("auth/second-factors/totp/", {"password": OWN}, status=201)
        path = f"auth/second-factors/totp/{begun['id']}/confirm/"
        newer = browser.must(path, {"otp": code(begun["secret"])})["recovery_codes"]
        assert _sealed(browser, book, note) == []
        _refused(browser.post(OPEN, {"otp": newer[0]}, key=None), 409, "no_second_factor")


# --- by two people -----------------------------------------------------------------------------------------


def _factors_reset(cast: Cast) -> None:
    body = {"user": str(cast.therapist.pk), "reason": "The telephone is lost"}
    asked = cast.desk("admin").must(RESETS, body, status=201)
    cast.desk("director").must(f"{RESETS}{asked['id']}/approve/")


def _ask(cast: Cast, who: str = "director") -> Any:
    return cast.desk(who).post(OPENINGS, {"user": str(cast.therapist.pk), "reason": "She lost both"})


def test_a_reset_of_factors_seals_and_a_director_and_an_administrator_open_together(
    cast: Cast, book: Book
) -> None:
    author = cast.browser("therapist")
    with_app(author)
    note = _note(author, book)
    _refused(_ask(cast), 409, "private_notes_not_sealed")
    with later(hours=1):
        _factors_reset(cast)  # the factors first: no factor is left, and the password comes afterwards
        _reset(cast)
        assert _acts("staff.private_notes_sealed", cast.therapist) == [{"because": "factors_reset"}]
        browser = _in(cast)
        assert _sealed(browser, book, note) == []
        _refused(browser.post(OPEN, {"otp": "000000"}, key=None), 409, "no_second_factor")
    with later(hours=1, minutes=5):
        for who in ("np", "prescriber", "billing", "frontdesk"):
            _refused(_ask(cast, who), 403, "not_permitted")
        first = _ask(cast).json()
        assert (first["state"], first["name"]) == ("asked", "Therapist")
        _refused(_ask(cast, "admin"), 409, "opening_asked")
        path = f"{OPENINGS}{first['id']}/approve/"
        colleague(cast, "second_director", Role.MEDICAL_DIRECTOR)
        for who in ("director", "second_director"):
            _refused(cast.desk(who).post(path), 403, "second_person_required")
        _refused(cast.desk("np").post(path), 403, "not_permitted")
        assert _sealed(browser, book, note) == []
        assert cast.desk("second_director").must(f"{OPENINGS}{first['id']}/decline/")["state"] == "declined"
        _refused(cast.desk("admin").post(path), 409, "illegal_transition")
        asked = _ask(cast, "admin").json()
        path = f"{OPENINGS}{asked['id']}/approve/"
        done = cast.desk("director").must(path)
        assert (done["state"], done["decided_by"]) == ("approved", str(cast.director.pk))
        _refused(cast.desk("director").post(path), 409, "illegal_transition")
        assert browser.get(f"{URL}{note}/").json()["text"] == TEXT
        for who in ("director", "admin"):  # who opened them reads them no more than before
            _refused(cast.desk(who).get(f"{URL}{note}/"), 404, "not_found")
        assert cast.desk("admin").get(OPENINGS, state="approved").json()["count"] == 1
        assert cast.desk("director").get(f"{OPENINGS}{asked['id']}/").json()["state"] == "approved"
    assert _acts("staff.private_notes_opened", cast.therapist) == [{"how": "two_people"}]
    for action, who in (("create", cast.admin), ("approve", cast.director)):
        done_by = AuditEvent.objects.filter(action=f"private_note_opening.{action}", created_by=who.pk)
        assert done_by.filter(outcome="ok").exists()
    send_messages(at=MONDAY + timedelta(hours=3))
    told = [m for m in mail.outbox if m.to == ["therapist@example.test"]]
    assert [sum(word in m.subject for m in told) for word in ("asks to open", "is open again")] == [2, 1]
    assert not any("lost both" in m.body for m in told)


def test_two_people_open_nothing_that_the_author_could_or_that_is_over(cast: Cast, book: Book) -> None:
    author = cast.browser("therapist")
    with_app(author)
    note = _note(author, book)
    with later(hours=1):
        _reset(cast)
        _refused(_ask(cast), 409, "second_factor_exists")  # lost? then it is reset first
        _factors_reset(cast)
        unknown = cast.desk("admin").post(OPENINGS, {"user": str(cast.north.pk), "reason": "x"})
        assert unknown.json()["errors"][0]["pointer"] == "/user"
        own = cast.desk("director").post(OPENINGS, {"user": str(cast.director.pk), "reason": "x"})
        _refused(own, 403, "second_person_required")
        stale = _ask(cast).json()["id"]
    with later(days=2, hours=1, seconds=1):
        _refused(cast.desk("admin").post(f"{OPENINGS}{stale}/approve/"), 409, "illegal_transition")
        assert cast.desk("admin").get(OPENINGS, state="expired").json()["results"][0]["id"] == stale
        assert cast.desk("admin").get(f"{OPENINGS}{stale}/").json()["state"] == "expired"
        fresh = _ask(cast, "admin").json()["id"]
        assert PrivateNoteOpening.objects.get(pk=stale).state == "expired"
        path = f"staff/{cast.therapist.pk}/"
        assert cast.desk("director").get(OPENINGS).json()["count"] == 2
        assert cast.desk("admin").patch(path, {"is_active": False}).status_code == 200
        _refused(cast.desk("director").post(f"{OPENINGS}{fresh}/approve/"), 409, "illegal_transition")
        closed = _ask(cast, "director")
        assert closed.json()["errors"][0]["code"] == "closed"
        assert cast.desk("admin").patch(path, {"is_active": True}).status_code == 200
        browser = _in(cast)  # opened again, the account is as sealed as before
        assert _sealed(browser, book, note) == []
        assert cast.desk("director").must(f"{OPENINGS}{fresh}/approve/")["state"] == "approved"
        assert browser.get(f"{URL}{note}/").status_code == 200
    assert selectors.text_of(PsychotherapyNote.objects.get()) == TEXT


# --- the database ------------------------------------------------------------------------------------------


def _sql_refused(match: str, statement: str, *values: Any) -> None:
    with (
        pytest.raises(DatabaseError, match=match),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)


def test_nor_does_the_database_open_them(cast: Cast, book: Book) -> None:
    with_app(cast.browser("therapist"))
    pk = cast.therapist.pk
    _sql_refused(
        "seals the private notes",
        "UPDATE practice_user SET password = 'x', password_set_by = %s WHERE id = %s",
        cast.admin.pk,
        pk,
    )
    body = {"user": str(pk), "reason": "Lost"}
    reset = cast.desk("admin").must(RESETS, body, status=201)["id"]
    decided = "SET state = 'approved', decided_by = %s, decided_at = now() WHERE id = %s"
    _sql_refused("seals the private notes", f"UPDATE practice_factorreset {decided}", cast.director.pk, reset)
    with later(hours=1):
        cast.desk("director").must(f"{RESETS}{reset}/approve/")
        _sql_refused("stay sealed", "UPDATE practice_user SET notes_sealed_at = NULL WHERE id = %s", pk)
        _sql_refused("stay sealed", "UPDATE practice_user SET notes_sealed_at = now() WHERE id = %s", pk)
        asked = _ask(cast).json()["id"]
        opening = f"UPDATE practice_privatenoteopening {decided}"
        colleague(cast, "second_director", Role.MEDICAL_DIRECTOR)
        _sql_refused("together", opening, cast.second_director.pk, asked)
        _sql_refused("note_opening_by_two|together", opening, cast.director.pk, asked)
        undated = opening.replace("now()", "NULL")
        _sql_refused("note_opening_by_two", undated, cast.admin.pk, asked)
        _sql_refused("note_opening_by_two|together", opening, pk, asked)
        cast.desk("admin").must(f"{OPENINGS}{asked}/decline/")
        _sql_refused("frozen", opening, cast.admin.pk, asked)
        _sql_refused("append-only|permission denied", "DELETE FROM practice_historicalprivatenoteopening")
    assert User.objects.get(pk=pk).notes_sealed_at == MONDAY + timedelta(hours=1)


def test_the_list_of_openings_asks_a_constant_number_of_questions(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    admin = cast.desk("admin")
    sealed = {"sealed_at": clock.now(), "state": "declined", "decided_by": cast.admin.pk}

    def add(n: int) -> None:
        for _ in range(n):
            row = PrivateNoteOpening(user=cast.therapist, reason="x", decided_at=clock.now(), **sealed)
            row.save_by(cast.director, at=clock.now())

    add(1)
    admin.get(OPENINGS)
    counts = []
    for more in (0, 49):
        add(more)
        with django_assert_max_num_queries(3):
            counts.append(admin.get(OPENINGS, page_size=100).json()["count"])
    assert counts == [1, 50]
