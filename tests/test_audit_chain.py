"""The seal over the audit events: what it shows of somebody who got past every guard, and what it does not."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kapclinic.practice.models import SYSTEM
from kapclinic.trail.models import AuditEvent, AuditSeal
from kapclinic.trail.services import SEAL_LOCK, log_act, seal_events
from sessions.drugs import services as drugs
from sessions.drugs.models import DrugLot
from tests import cast as people
from tests.asking import as_superuser
from tests.cast import MONDAY, lot_of

pytestmark = pytest.mark.django_db(transaction=True)


def _log(count: int) -> list[AuditEvent]:
    """Events in the order of their keys, which is the order of the chain."""
    act = {"action": "client.retrieve", "object_type": "client", "at": MONDAY}
    events = [log_act(by=SYSTEM.pk, roles=["system"], **act) for _ in range(count)]
    return sorted(events, key=lambda event: event.pk)


def _broken(match: str, anchor: Path | None = None) -> None:
    with pytest.raises(CommandError, match=match):
        call_command("verify_audit", anchor=anchor)


def test_events_wait_unchained_until_they_are_sealed_in_order_and_once() -> None:
    events = _log(3)
    assert not AuditSeal.objects.exists()
    assert (seal_events(), seal_events()) == (3, 0)
    sealed = AuditSeal.objects.order_by("sequence")
    assert list(sealed.values_list("sequence", "event_id")) == [(i, e.pk) for i, e in enumerate(events, 1)]
    _log(1)
    assert seal_events() == 1
    assert AuditSeal.objects.get(sequence=4).previous_hash == AuditSeal.objects.get(sequence=3).hash


def test_verify_seals_what_waits_and_finds_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    _log(3)
    call_command("verify_audit")
    assert AuditSeal.objects.count() == 3
    assert "audit chain: every link holds." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ("UPDATE trail_auditevent SET action = 'x' WHERE id = {second}", "link 2 was changed"),
        ("UPDATE trail_auditevent SET created_by = id WHERE id = {second}", "link 2 was changed"),
        ("UPDATE trail_auditevent SET outcome = 'refused' WHERE id = {second}", "link 2 was changed"),
        ("UPDATE trail_auditevent SET address = '203.0.113.9' WHERE id = {second}", "link 2 was changed"),
        ("UPDATE trail_auditevent SET request_id = id WHERE id = {second}", "link 2 was changed"),
        ("UPDATE trail_auditevent SET clients = ARRAY[id] WHERE id = {second}", "link 2 was changed"),
        (
            "UPDATE trail_auditevent SET created_at = created_at + interval '1 s' WHERE id = {second}",
            "link 2 was changed",
        ),
        ("UPDATE trail_auditseal SET hash = repeat('a', 64) WHERE sequence = 2", "link 2 was changed"),
        ("DELETE FROM trail_auditseal WHERE sequence = 2", "link 2 is missing"),
        ("DELETE FROM trail_auditseal WHERE sequence = 1", "link 1 is missing"),
    ],
)
def test_verify_names_the_link_that_somebody_with_the_keys_edited(edit: str, why: str) -> None:
    second = _log(3)[1]
    call_command("verify_audit")
    with as_superuser() as intruder:
        assert intruder.execute(edit.format(second=f"'{second.pk}'")).rowcount == 1
    _broken(why)


def test_an_event_that_was_taken_away_with_its_link_is_missed() -> None:
    second = _log(3)[1]
    call_command("verify_audit")
    with as_superuser() as intruder:
        intruder.execute("DELETE FROM trail_auditseal WHERE sequence = 2")
        intruder.execute("DELETE FROM trail_auditevent WHERE id = %s", [second.pk])
    _broken("link 2 is missing")


def test_a_tail_that_was_cut_off_shows_only_beside_a_head_that_was_kept_elsewhere(anchor: Path) -> None:
    _log(3)
    export(anchor)
    with as_superuser() as intruder:
        gone = intruder.execute(
            "DELETE FROM trail_auditseal WHERE sequence > 1 RETURNING event_id"
        ).fetchall()
        for (event_id,) in gone:
            intruder.execute("DELETE FROM trail_auditevent WHERE id = %s", [event_id])
    call_command("verify_audit")
    _broken("audit chain: link 2 is missing: the anchor holds 3 links", anchor)
    _log(2)  # what is written afterwards takes their places
    call_command("verify_audit")
    _broken("audit chain: link 3 is not the one that the anchor holds", anchor)


def test_a_chain_whose_beginning_went_to_the_archive_is_walked_from_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    events = _log(5)
    call_command("verify_audit")
    last = AuditSeal.objects.get(sequence=2)
    with as_superuser() as keeper:
        keeper.execute("DELETE FROM trail_auditseal WHERE sequence <= 2")
        keeper.execute(
            "DELETE FROM trail_auditevent WHERE id = ANY(%s)", [[event.pk for event in events[:2]]]
        )
    _broken("link 1 is missing")
    call_command("verify_audit", f"--after=2:{last.hash}")
    assert "audit chain: every link holds." in capsys.readouterr().out
    with pytest.raises(CommandError, match="link 3 does not follow the link before it"):
        call_command("verify_audit", f"--after=2:{'0' * 64}")
    with pytest.raises(CommandError, match="its hash of 64 digits"):
        call_command("verify_audit", "--after=2")


# --- the anchor ---------------------------------------------------------------------------------------------------


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    return tmp_path / "anchor.json"


def export(anchor: Path) -> dict[str, Any]:
    call_command("export_anchor", file=anchor)
    found: dict[str, Any] = json.loads(anchor.read_text())
    return found


def poured(count: int) -> DrugLot:
    """A lot with this many entries."""
    cast = people.assemble()
    lot = lot_of(cast)
    for _ in range(count - 1):
        drugs.record_entry(
            lot_id=lot.pk,
            kind="return",
            amount_mg=Decimal(5),
            reason="recall",
            witness=None,
            by=cast.np,
            at=MONDAY,
        )
    return lot


def test_an_anchor_holds_the_end_of_every_chain_and_its_own_hash(
    anchor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _log(3)
    lot = poured(2)
    content = export(anchor)
    head, last = AuditSeal.objects.latest("sequence"), lot.entries.latest("sequence")
    assert content["audit"] == {"sequence": 3, "hash": head.hash}
    assert content["drugs"] == {str(lot.pk): {"sequence": 2, "hash": last.hash}}
    text = json.dumps(
        {key: value for key, value in content.items() if key != "sha256"},
        sort_keys=True,
        separators=(",", ":"),
    )
    assert content["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert capsys.readouterr().out.strip() == content["sha256"]
    assert [path.name for path in anchor.parent.iterdir()] == ["anchor.json"]
    call_command("export_anchor")
    printed = json.loads(capsys.readouterr().out)
    assert (printed["audit"], printed["drugs"]) == (content["audit"], content["drugs"])


def test_what_goes_on_after_an_anchor_stands_beside_it(
    anchor: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _log(2)
    export(anchor)
    _log(2)
    poured(2)
    call_command("verify_audit", anchor=anchor)
    assert "everything that it holds is still there" in capsys.readouterr().out


LEDGER = "clinic_sessions_drugentry"


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (f"DELETE FROM {LEDGER} WHERE sequence > 2", "entry 3 is missing: the anchor holds 4 entries"),
        (f"DELETE FROM {LEDGER}", "entry 1 is missing|has lost its entries"),
        (
            f"DELETE FROM {LEDGER}; DELETE FROM clinic_sessions_druglot",
            "entry 1 is missing: the anchor holds 4",
        ),
        (f"DELETE FROM {LEDGER} WHERE sequence = 2", "entry 2 is missing"),
        (f"UPDATE {LEDGER} SET reason = 'x' WHERE sequence = 2", "entry 2 was changed"),
        (f"UPDATE {LEDGER} SET hash = repeat('a', 64) WHERE sequence = 4", "entry 4 is not the one"),
        ("DELETE FROM trail_auditseal WHERE sequence = 2", "audit chain: link 2 is missing"),
        ("UPDATE trail_auditevent SET action = 'x'", "audit chain: link 1 was changed"),
    ],
)
def test_verify_beside_an_anchor_names_the_first_row_that_is_wrong(anchor: Path, edit: str, why: str) -> None:
    _log(3)
    poured(4)
    export(anchor)
    with as_superuser() as intruder:
        for statement in edit.split("; "):
            assert intruder.execute(statement).rowcount
    _broken(why, anchor)


def test_a_chain_that_was_written_anew_from_its_start_is_not_the_one_of_the_anchor(anchor: Path) -> None:
    first = _log(2)[0]
    export(anchor)
    with as_superuser() as intruder:
        intruder.execute("DELETE FROM trail_auditseal")
        intruder.execute("UPDATE trail_auditevent SET action = 'x' WHERE id = %s", [first.pk])
    call_command("verify_audit")  # it seals them again, and every link holds
    _broken("audit chain: link 2 is not the one that the anchor holds", anchor)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda text: text.replace('"sequence": 2', '"sequence": 1'), "was changed after it was written"),
        (lambda text: text[:-20], "is not an anchor"),
        (lambda text: "[]", "is not an anchor"),
    ],
)
def test_an_anchor_that_was_tampered_with_proves_nothing(anchor: Path, edit: Any, why: str) -> None:
    _log(2)
    export(anchor)
    anchor.write_text(edit(anchor.read_text()))
    _broken(why, anchor)


def test_while_one_seals_another_leaves_it_alone() -> None:
    _log(2)
    with as_superuser() as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
        assert seal_events() == 0
    assert seal_events() == 2
