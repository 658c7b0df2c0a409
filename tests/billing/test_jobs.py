"""POST superbill-runs/: a period's superbills as a job that can be stopped, killed and gone on with."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.documents import rendering
from billing.jobs import selectors, services
from billing.jobs.services import working
from billing.models import DocumentCounter, Job, JobItem, JobResult, Superbill
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, Role
from kapclinic.trail.models import AuditEvent
from sessions.booking.models import Session
from tests.asking import done, events, refused, sql
from tests.billing import runs
from tests.billing.test_paper import session_at_south
from tests.billing.till import DOSED, NOW, SERVED, Till
from tests.cast import PERSON, Cast, Desk, client, completed_session, staff

STATEMENTS = 19  # of a superbill that a run issues, beside savepoints
QUERIES = 3  # who asks; the page with its count; the audit row
NOBODY = "0198c0de-0000-7000-8000-000000000000"


def issued() -> list[tuple[str, UUID]]:
    return list(Superbill.objects.order_by("number").values_list("number", "client"))


# --- a run -----------------------------------------------------------------------------------------------------------


def test_a_run_issues_one_superbill_for_each_client_and_tells_who_is_left_out(till: Till, cast: Cast) -> None:
    pilots = runs.clients(till, "Ann", "Bo")
    late = till.of(client(cast.north, by=cast.frontdesk, first="Cy", last="Late"))
    completed_session(cast, late.program, starts_at=SERVED)
    blank = till.of(client(cast.north, by=cast.frontdesk, first="Dee", last="Pilot"))
    blank.charge(blank.session(starts_at=SERVED - timedelta(days=5)))
    blank.rename(legal_first_name="李明")
    job = runs.asked(till, "superbill-runs")
    assert (job["state"], job["progress"], job["skipped"], job["sha256"]) == (
        "queued", {"done": 0, "total": 4}, [], None,
    )  # fmt: skip
    refused(till.desk.get(f"superbill-runs/{job['id']}/file/"), 409, "file_not_ready")
    services.work_on(job_id=UUID(job["id"]), at=NOW)
    told = done(till.desk.get(f"superbill-runs/{job['id']}/"), 200)
    assert (told["state"], told["failure"], told["progress"]) == ("done", "", {"done": 4, "total": 4})
    assert told["skipped"] == [
        {"client": str(late.client.pk), "client_name": "Cy Late", "reasons": ["note_unsigned"]},
        {"client": str(blank.client.pk), "client_name": "李明 Pilot", "reasons": ["name_not_printable"]},
    ]
    assert issued() == [("2026-000001", pilots[0].client.pk), ("2026-000002", pilots[1].client.pk)]
    assert told["asked_by"] == cast.billing.name
    content = runs.file_of(till, told, "superbill-runs")
    assert hashlib.sha256(content).hexdigest() == told["sha256"]
    parts = runs.archive(content)
    assert list(parts) == ["superbill-2026-000001.pdf", "superbill-2026-000002.pdf", "manifest.csv"]
    rows = {str(row.number): row for row in Superbill.objects.all()}
    assert parts["superbill-2026-000001.pdf"] == bytes(rows["2026-000001"].pdf)
    manifest = runs.table(parts["manifest.csv"])
    assert [(row["file"], row["client"], row["charges"], row["left_out"]) for row in manifest] == [
        ("superbill-2026-000001.pdf", str(pilots[0].client.pk), "200.00", ""),
        ("superbill-2026-000002.pdf", str(pilots[1].client.pk), "200.00", ""),
        ("", str(late.client.pk), "", "note_unsigned"),
        ("", str(blank.client.pk), "", "name_not_printable"),
    ]
    assert manifest[0]["sha256"] == rows["2026-000001"].sha256
    for name in ("Ann", "Bo", "Cy", "Pilot", "said privately"):
        assert name not in parts["manifest.csv"].decode()


def test_a_second_run_issues_only_what_is_on_no_superbill(till: Till) -> None:
    ann, bo = runs.clients(till, "Ann", "Bo")
    runs.run(till)
    ann.charge(amount="30.00")
    told = runs.run(till)
    assert [(row["client"], row["reasons"]) for row in told["skipped"]] == [
        (str(bo.client.pk), ["already_on_superbill"])
    ]
    last = Superbill.objects.get(number="2026-000003")
    assert last.content["totals"]["charges"] == "30.00"
    assert Superbill.objects.count() == 3


def test_named_clients_alone_are_billed_and_each_person_once(till: Till, cast: Cast) -> None:
    ann, bo = runs.clients(till, "Ann", "Bo")
    both = [str(ann.client.pk), str(bo.client.pk)]
    for clients, code, pointer in (
        ([both[0], NOBODY], "not_found", "/clients/1"),
        ([], "min_length", "/clients"),
    ):
        refused(till.desk.post("superbill-runs/", runs.PERIOD | {"clients": clients}), 400, code, pointer)
    assert not Job.objects.exists()
    told = runs.run(till, clients=[both[0], both[0]])
    assert told["progress"] == {"done": 1, "total": 1}
    bo.charge(amount="15.00")
    cast.desk("director").must(f"programs/{bo.program.pk}/discontinue/", {"reason": "registered twice"})
    same = {"into": both[0], "reason": "the same person, registered twice"}
    cast.desk("director").must(f"clients/{both[1]}/merge/", same)
    told = runs.run(till, clients=both)
    assert told["progress"] == {"done": 1, "total": 1}
    paper = Superbill.objects.get(number="2026-000002")
    assert (paper.client_id, sorted(line["amount"] for line in paper.content["lines"])) == (
        ann.client.pk, ["15.00", "200.00"],
    )  # fmt: skip
    assert runs.run(till)["skipped"][0]["reasons"] == ["already_on_superbill"]


@pytest.mark.parametrize("path", ["superbill-runs", "exports"])
@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"to_date": "2026-04-30"}, "/to_date", "reversed"),
        ({"location": NOBODY}, "/location", "not_found"),
        ({"from_date": "May"}, "/from_date", "invalid"),
        ({"all": True}, "/all", "unknown_field"),
    ],
)
def test_a_job_that_cannot_be_is_refused(
    till: Till, path: str, body: dict[str, Any], pointer: str, code: str
) -> None:
    kind = {"kind": "lines_csv"} if path == "exports" else {}
    refused(till.desk.post(f"{path}/", runs.PERIOD | kind | body), 400, code, pointer)
    assert not Job.objects.exists()


# --- stopped, killed, gone on with -----------------------------------------------------------------------------------


def test_what_a_stopped_run_has_issued_stays(till: Till) -> None:
    runs.clients(till, "Ann", "Bo", "Cy")
    job = runs.asked(till, "superbill-runs")
    key = UUID(job["id"])
    assert working._step(key, at=NOW)  # begins
    assert working._step(key, at=NOW)  # Ann
    told = till.desk.must(f"superbill-runs/{key}/stop/", status=200)
    assert (told["state"], told["failure"], told["progress"]) == (
        "failed",
        "stopped",
        {"done": 1, "total": 3},
    )
    assert told["allowed_moves"] == []
    services.sweep_jobs(at=NOW)
    assert len(issued()) == 1
    refused(till.desk.post(f"superbill-runs/{key}/stop/"), 409, "illegal_transition")
    refused(till.desk.get(f"superbill-runs/{key}/file/"), 409, "file_not_ready")


class Killed(BaseException):
    """The worker is gone in the middle of a step."""


def test_a_run_whose_worker_is_killed_goes_on_and_issues_none_twice(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.clients(till, "Ann", "Bo", "Cy")
    job = runs.asked(till, "superbill-runs")
    whole, made = rendering.render_pdf, []

    def dies(**asked: Any) -> Any:
        made.append(asked["content"]["number"])
        if len(made) == 2:
            raise Killed
        return whole(**asked)

    monkeypatch.setattr(rendering, "render_pdf", dies)
    with pytest.raises(Killed):
        services.work_on(job_id=UUID(job["id"]), at=NOW)
    half = done(till.desk.get(f"superbill-runs/{job['id']}/"), 200)
    assert (half["state"], half["progress"]["done"]) == ("running", 1)
    assert DocumentCounter.objects.get(series="superbill").last == 1
    assert services.sweep_jobs(at=NOW) == 1
    told = done(till.desk.get(f"superbill-runs/{job['id']}/"), 200)
    assert (told["state"], told["progress"]["done"], told["skipped"]) == ("done", 3, [])
    assert [number for number, _ in issued()] == ["2026-000001", "2026-000002", "2026-000003"]
    assert made == ["2026-000001", "2026-000002", "2026-000002", "2026-000003"]
    assert services.sweep_jobs(at=NOW) == 0
    acts = [row for row in events("superbill.create") if row[0] == till.cast.billing.pk]
    assert len(acts) == 3
    assert {event.detail["run"] for event in AuditEvent.objects.filter(action="superbill.create")} == {
        job["id"]
    }


def test_one_superbill_of_a_run_costs_few_statements_whatever_is_on_it(till: Till) -> None:
    """So that 500 take less than a minute: 46 ms of processor time each with its page, and these statements."""
    _, bo = runs.clients(till, "Ann", "Bo")
    hour = Session.objects.get(client=bo.client.pk)
    for _ in range(9):
        bo.charge(hour, amount="30.00")
    key = UUID(runs.asked(till, "superbill-runs")["id"])
    assert working._step(key, at=NOW)  # begins
    assert working._step(key, at=NOW)  # Ann, and the first number of the year

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert working._step(key, at=NOW)
        found = [query["sql"] for query in captured.captured_queries]
        return len([sql for sql in found if not sql.startswith(("SAVEPOINT", "RELEASE"))])

    assert statements() <= STATEMENTS
    assert len(issued()) == 2


def test_one_client_who_breaks_keeps_no_other_waiting(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.clients(till, "Ann", "Bo")
    whole = rendering.render_pdf

    def breaks(**asked: Any) -> Any:
        if "Ann" in asked["content"]["client"]["name"]:
            raise ValueError("no such thing")
        return whole(**asked)

    monkeypatch.setattr(rendering, "render_pdf", breaks)
    told = runs.run(till)
    assert [row["reasons"] for row in told["skipped"]] == [["broken"]]
    assert [number for number, _ in issued()] == ["2026-000001"]


def test_a_file_that_cannot_be_made_fails_its_job_and_takes_nothing(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.charge()
    done(till.superbill(), 201)

    def breaks(job: Job) -> bytes:
        raise KeyError("columns")

    with monkeypatch.context() as patch:
        patch.setattr(working, "_file", breaks)
        job = runs.asked(till, "exports", kind="lines_csv", since_last=True)
        services.sweep_jobs(at=NOW)
    told = done(till.desk.get(f"exports/{job['id']}/"), 200)
    assert (told["state"], told["failure"], told["sha256"]) == ("failed", "broken", None)
    again = runs.export(till, "lines_csv", since_last=True)
    assert len(runs.table(runs.file_of(till, again))) == 1


def test_who_has_left_bills_nobody(till: Till, cast: Cast) -> None:
    runs.clients(till, "Ann")
    job = runs.asked(till, "superbill-runs")
    practice.save_staff(user=cast.billing, values={"is_active": False}, by=cast.admin, at=NOW)
    services.sweep_jobs(at=NOW)
    told = done(cast.desk("director").get(f"superbill-runs/{job['id']}/"), 200)
    assert (told["state"], told["failure"]) == ("failed", "not_permitted")
    assert issued() == []


# --- who, and what the database holds --------------------------------------------------------------------------------


@pytest.mark.parametrize("who", sorted(PERSON.values()))
def test_billing_and_the_director_run_and_nobody_else(till: Till, cast: Cast, who: str) -> None:
    runs.clients(till, "Ann")
    run = runs.run(till)
    file = runs.export(till, "lines_csv")
    before = (Job.objects.count(), Superbill.objects.count())
    api = cast.desk(who)
    for path, job, body in (("superbill-runs", run, {}), ("exports", file, {"kind": "lines_csv"})):
        asks = (
            api.get(f"{path}/"),
            api.get(f"{path}/{job['id']}/"),
            api.get(f"{path}/{job['id']}/file/"),
        )
        if who in {"billing", "director"}:
            assert [answer.status_code for answer in asks] == [200, 200, 200]
            refused(api.post(f"{path}/{job['id']}/stop/"), 409, "illegal_transition")
        else:
            writes = (api.post(f"{path}/", runs.PERIOD | body), api.post(f"{path}/{job['id']}/stop/"))
            for answer in (*asks, *writes):
                told = refused(answer, 403, "not_permitted")
                assert "Pilot" not in str(told)
            assert before == (Job.objects.count(), Superbill.objects.count())


def test_jobs_of_another_location_do_not_exist(till: Till, cast: Cast) -> None:
    runs.clients(till, "Ann")
    run, file = runs.run(till), runs.export(till, "superbills_zip")
    south = cast.desk("south_billing")
    for path, job in (("superbill-runs", run), ("exports", file)):
        assert south.get(f"{path}/").json()["count"] == 0
        for tail in ("", "file/"):
            refused(south.get(f"{path}/{job['id']}/{tail}"), 404, "not_found")
        refused(south.post(f"{path}/{job['id']}/stop/"), 404, "not_found")
    refused(till.desk.get(f"exports/{run['id']}/"), 404, "not_found")  # a run is no export
    assert runs.run(Till(cast, till.course, south))["progress"]["total"] == 0


def test_each_file_and_each_run_is_in_the_access_log_of_its_clients(till: Till) -> None:
    (ann,) = runs.clients(till, "Ann")
    file = runs.export(till, "lines_csv")
    run = runs.run(till)
    runs.file_of(till, run, "superbill-runs")
    assert events("superbill_run.create")[0][2] == [ann.client.pk]
    assert events("superbill_run.file")[0][2] == [ann.client.pk]
    runs.file_of(till, runs.export(till, "transactions_csv"))
    assert events("export.file")[0][2] == [ann.client.pk]
    assert file["progress"] == {"done": 0, "total": 0}


def test_a_list_of_fifty_runs_asks_as_often_as_a_list_of_one(
    till: Till, django_assert_num_queries: Any
) -> None:
    blank = runs.clients(till, "Ann")[0]
    blank.rename(legal_first_name="李明")
    runs.run(till)
    till.desk.get("superbill-runs/")
    with django_assert_num_queries(QUERIES):
        assert till.desk.get("superbill-runs/").json()["count"] == 1
    for _ in range(49):
        runs.asked(till, "superbill-runs", clients=[str(blank.client.pk)])
    with django_assert_num_queries(QUERIES):
        page = till.desk.get("superbill-runs/?page_size=50").json()
    first, *others = page["results"]  # all of one moment
    assert first["skipped"][0]["reasons"] == ["name_not_printable"]
    assert [row["progress"] for row in others] == [{"done": 0, "total": 1}] * 49
    assert till.desk.get("superbill-runs/?state=queued").json()["count"] == 49


def test_the_database_keeps_what_a_job_was_and_did(till: Till) -> None:
    runs.clients(till, "Ann")
    run = runs.run(till)
    for statement in (
        "UPDATE billing_job SET total = 7",
        "UPDATE billing_job SET state = 'running', ended_at = NULL",
        "DELETE FROM billing_job",
        "UPDATE billing_jobitem SET position = 7",
        "DELETE FROM billing_jobitem",
        "DELETE FROM billing_jobresult",
        "UPDATE billing_jobfile SET content = 'x'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
    job = Job.objects.get(pk=run["id"])
    item = JobItem.objects.get(job=job)
    with pytest.raises(DatabaseError), transaction.atomic():
        JobResult(item=item, reasons=["twice"]).insert_by(SYSTEM, at=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        JobItem(job=job, position=1, subject=item.subject).insert_by(SYSTEM, at=NOW)
    assert selectors.jobs().get(pk=job.pk).done == 1


def test_a_key_asks_for_one_run(till: Till) -> None:
    runs.clients(till, "Ann")
    post = lambda: till.desk.post("superbill-runs/", runs.PERIOD, key="k")  # noqa: E731
    assert done(post(), 202) == done(post(), 202)
    assert Job.objects.count() == 1
    assert timedelta(0) == NOW - Job.objects.get().created_at


def test_a_run_bills_no_more_than_the_token_that_asked_for_it_shows(till: Till, cast: Cast) -> None:
    both = staff("both", [Role.BILLING], cast.north, locations=[cast.north.pk, cast.south.pk])
    till.charge()
    theirs = session_at_south(cast, till.program, starts_at=DOSED)
    replace(till, own=Desk(both)).charge(theirs)
    _, secret = practice.issue_token(user=both, name="north", locations=[cast.north.pk], at=NOW)
    narrow = Desk(None)
    narrow.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    asked = narrow.must("superbill-runs/", runs.PERIOD, status=202)
    services.work_on(job_id=UUID(asked["id"]), at=NOW)
    assert done(narrow.get(f"superbill-runs/{asked['id']}/"), 200)["state"] == "done"
    (paper,) = Superbill.objects.all()
    assert paper.location_id == cast.north.pk
    assert len(paper.content["lines"]) == 1
    billed = done(narrow.get("superbills/"), 200)["results"]
    assert [row["id"] for row in billed] == [str(paper.pk)]
