"""A record that is held: nothing of it goes away until every hold is lifted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from sessions.models import Attachment, AttachmentVoid, LegalHold
from tests import cast as people
from tests.asking import done, refused, sql
from tests.cast import PERSON, Cast
from tests.sessions.files.test_attachments import send

HOLDS = "legal-holds/"


def held(cast: Cast, client: Any, reason: str = "Lawsuit of 2026") -> dict[str, Any]:
    return cast.desk("director").must(HOLDS, {"client": str(client.pk), "reason": reason}, status=201)


@pytest.fixture
def client(cast: Cast) -> Any:
    return people.client(cast.north, by=cast.frontdesk)


def test_under_a_hold_no_file_is_voided_until_the_last_hold_is_lifted(cast: Cast, client: Any) -> None:
    file = done(send(cast, client), 201)
    void = f"clients/{client.pk}/attachments/{file['id']}/void/"
    first, second = held(cast, client), held(cast, client, "Subpoena")
    refused(cast.desk("np").post(void, {"reason": "Wrong record"}), 409, "legal_hold")
    assert not AttachmentVoid.objects.exists()
    lifted = cast.desk("director").must(f"{HOLDS}{first['id']}/lift/", {"reason": "Settled"}, status=200)
    assert (lifted["lifted"]["reason"], lifted["allowed_moves"]) == ("Settled", [])
    refused(cast.desk("director").post(f"{HOLDS}{first['id']}/lift/"), 409, "already_lifted")
    refused(cast.desk("np").post(void, {"reason": "Wrong record"}), 409, "legal_hold")
    with pytest.raises(DatabaseError, match="legal hold"), transaction.atomic():
        AttachmentVoid(attachment=Attachment.objects.get(), reason="past the service").insert_by(
            cast.np, at=people.MONDAY
        )
    standing = done(cast.desk("director").get(HOLDS, client=str(client.pk), lifted="false"), 200)
    assert [row["id"] for row in standing["results"]] == [second["id"]]
    cast.desk("director").must(f"{HOLDS}{second['id']}/lift/")
    cast.desk("np").must(void, {"reason": "Wrong record"})


def test_under_a_hold_no_private_note_is_written_over_and_a_new_one_may_be(cast: Cast) -> None:
    book = people.one_of_each_kind(cast)
    session, desk = book["integration"], cast.desk("therapist")
    body = {"session": str(session.pk), "text": "As it was said"}
    note = desk.must("psychotherapy-notes/", body)
    hold = held(cast, session.client)
    refused(desk.patch(f"psychotherapy-notes/{note['id']}/", {"text": "Otherwise"}), 409, "legal_hold")
    assert done(desk.get(f"psychotherapy-notes/{note['id']}/"), 200)["text"] == "As it was said"
    desk.must("psychotherapy-notes/", body | {"text": "Added"})
    cast.desk("director").must(f"{HOLDS}{hold['id']}/lift/")
    assert desk.patch(f"psychotherapy-notes/{note['id']}/", {"text": "Otherwise"}).status_code == 200


def test_the_hold_of_one_registration_holds_the_persons_other_one(cast: Cast, client: Any) -> None:
    other = people.client(cast.north, by=cast.frontdesk, first="Robyn")
    file = done(send(cast, other), 201)
    held(cast, client)
    same = {"into": str(client.pk), "reason": "the same person, registered twice"}
    cast.desk("director").must(f"clients/{other.pk}/merge/", same)
    void = f"clients/{other.pk}/attachments/{file['id']}/void/"
    refused(cast.desk("np").post(void, {"reason": "Wrong record"}), 409, "legal_hold")


def test_the_director_of_the_clients_place_alone_holds_and_lifts(cast: Cast, client: Any) -> None:
    body = {"client": str(client.pk), "reason": "Lawsuit of 2026"}
    hold = held(cast, client)
    for role, name in PERSON.items():
        if role != "medical_director":
            for answer in (
                cast.desk(name).post(HOLDS, body),
                cast.desk(name).post(f"{HOLDS}{hold['id']}/lift/"),
                cast.desk(name).get(HOLDS),
            ):
                refused(answer, 403, "not_permitted")
    cast.people["south_director"] = people.staff("south_director", ["medical_director"], cast.south)
    refused(cast.desk("south_director").post(HOLDS, body), 400, "not_found", "/client")
    refused(cast.desk("south_director").post(f"{HOLDS}{hold['id']}/lift/"), 404, "not_found")
    refused(cast.desk("director").post(HOLDS, {"client": str(client.pk)}), 400, "required", "/reason")
    assert LegalHold.objects.count() == 1
    for statement in (
        "UPDATE clinic_sessions_legalhold SET reason = 'x'",
        "DELETE FROM clinic_sessions_legalhold",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
