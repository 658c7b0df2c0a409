"""The seal over the audit events: what it shows of somebody who got past every guard, and what it does not."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from kapclinic.practice.models import SYSTEM
from kapclinic.trail.models import AuditEvent, AuditSeal
from kapclinic.trail.services import SEAL_LOCK, log_act, seal_events
from tests.cast import MONDAY
from tests.sessions.rooms import as_superuser

pytestmark = pytest.mark.django_db(transaction=True)


def _log(count: int) -> list[AuditEvent]:
    """Events in the order of their keys, which is the order of the chain."""
    act = {"action": "client.retrieve", "object_type": "client", "at": MONDAY}
    events = [log_act(by=SYSTEM.pk, roles=["system"], **act) for _ in range(count)]
    return sorted(events, key=lambda event: event.pk)


def _broken(match: str) -> None:
    with pytest.raises(CommandError, match=match):
        call_command("verify_audit")


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


def test_a_tail_that_was_cut_off_shows_only_beside_a_head_that_was_kept_elsewhere() -> None:
    _log(3)
    call_command("verify_audit")
    head = AuditSeal.objects.latest("sequence")
    with as_superuser() as intruder:
        intruder.execute("DELETE FROM trail_auditseal WHERE sequence = 3")
        intruder.execute("DELETE FROM trail_auditevent WHERE id = %s", [head.event_id])
    call_command("verify_audit")
    assert not AuditSeal.objects.filter(sequence=head.sequence, hash=head.hash).exists()


def test_while_one_seals_another_leaves_it_alone() -> None:
    _log(2)
    with as_superuser() as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
        assert seal_events() == 0
    assert seal_events() == 2
