"""The same thing asked of both webs at the same moment, for many rounds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from uuid import uuid4

from sessions.booking.models import Allocation, Session
from sessions.dosing.models import Administration
from sessions.drugs import selectors as drugs
from sessions.drugs.models import DrugEntry
from sessions.integration.models import Obligation
from sessions.monitoring.models import Reading
from tests.scale.asking import Answer, Proxy, Request, at_once
from tests.scale.lines import Lines
from tests.scale.work import Work

TWENTY = 20


def run(work: Work, proxy: Proxy, lines: Lines, *, rounds: int, doses: int) -> None:
    """Bookings of one slot, doses of one order, and keys that come to both webs."""
    _slots(work, proxy, lines, rounds)
    _doses(work, proxy, lines, doses)
    _keys(work, proxy, lines, rounds)
    lines.say(not proxy.broken, "no race was answered 500", str(proxy.broken[:3]))


def _answers(proxy: Proxy, requests: list[Request]) -> list[Answer]:
    """The first answer of each, all asked at the same moment, each of the other web than the one before."""
    found = at_once([lambda asked=asked: proxy.ask(asked) for asked in requests])
    return [answer for answer in found if answer is not None]


def _slots(work: Work, proxy: Proxy, lines: Lines, rounds: int) -> None:
    seen: Counter[str] = Counter()
    wrong = []
    for number in range(rounds):
        slot = work.slot()
        answers = _answers(proxy, [work.booking(course, slot) for course in work.courses[:TWENTY]])
        seen.update(f"{answer.status} {answer.code}".strip() for answer in answers)
        won = [answer.body["id"] for answer in answers if answer.status == 201]
        others = {answer.code for answer in answers if answer.status != 201}
        held = Allocation.objects.filter(
            resource__in=[slot["room"], slot["staff"][0]["user"]],
            starts_at=slot["starts_at"],
            released_at__isnull=True,
        )
        rows = Session.objects.filter(room=slot["room"], starts_at=slot["starts_at"])
        there = [str(pk) for pk in rows.values_list("pk", flat=True)]
        if len(won) != 1 or there != won or held.count() != 2 or others - {"resource_conflict", "busy"}:
            wrong.append(f"round {number}: {won} won, {there} in the book, {held.count()} held, {others}")
    told = ", ".join(f"{count} × {what}" for what, count in sorted(seen.items()))
    lines.say(
        not wrong,
        f"{TWENTY} bookings of one slot at both webs, {rounds} rounds: one wins ({told})",
        str(wrong),
    )


def _doses(work: Work, proxy: Proxy, lines: Lines, rounds: int) -> None:
    wrong = []
    for _ in range(rounds):
        session = work.doses.pop()
        asked = work.dose(session)
        answers = _answers(proxy, [replace(asked, key=str(uuid4())) for _ in range(4)])
        won = [answer.body["id"] for answer in answers if answer.status == 201]
        dose = Administration.objects.filter(session=session)
        drawn = DrugEntry.objects.filter(administration__in=dose.values("pk")).count()
        owed = Obligation.objects.filter(dosing_session=session).count()
        if (len(won), dose.count(), drawn, owed) != (1, 1, 1, 1):
            wrong.append(f"{won}: {dose.count()} doses, {drawn} lines, {owed} owed")
    problem = drugs.ledger_problem()
    lines.say(
        not wrong, f"one dose recorded four times at once, {rounds} rounds: it is there once", str(wrong)
    )
    lines.say(problem is None, "the ledger of the safe balances", str(problem))


def _keys(work: Work, proxy: Proxy, lines: Lines, rounds: int) -> None:
    wrong, replayed = [], 0
    for number in range(rounds):
        asked = work.reading() if number % 2 else work.booking()
        answers = at_once([lambda asked=asked: proxy.insist(asked)] * 4)
        replayed += sum(answer.replayed for answer in answers)
        ids = {answer.body.get("id") for answer in answers}
        same = all(answer.body == answers[0].body for answer in answers)
        codes = {answer.status for answer in answers}
        (one,) = ids if len(ids) == 1 else (None,)
        model = Reading if number % 2 else Session
        if codes != {201} or not same or model.objects.filter(pk=one).count() != 1:
            wrong.append(f"{codes} {ids} {answers[0].body.get('code')}")
    lines.say(
        not wrong and replayed == 3 * rounds,
        f"one Idempotency-Key at both webs, {rounds} rounds of four: one row, one answer",
        f"{replayed} replayed, {wrong}",
    )
