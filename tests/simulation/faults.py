"""Faults to plant: each a change of one place, that the judge has to find. One whose place has moved fails loudly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class Moved(LookupError):
    """The code of a fault is not where it was: write the fault anew."""


@dataclass(frozen=True)
class Fault:
    """`new` in place of `old`, which stands in `path` exactly once; `more` are further places of the same fault."""

    name: str
    path: str
    old: str
    new: str
    more: tuple[tuple[str, str], ...] = ()

    def plant(self, root: Path) -> None:
        """:raises Moved: unless each place stands there exactly once"""
        file = root / self.path
        text = file.read_text() if file.exists() else ""
        for old, new in ((self.old, self.new), *self.more):
            if text.count(old) != 1:
                raise Moved(f"{self.name}: {self.path} holds it {text.count(old)} times: {old}")
            text = text.replace(old, new)
        file.write_text(text)


TABLE = "sessions/dosing/gates/table.py"
FAULTS = (
    Fault("the consent gate is skipped", TABLE, "lambda f: f.consent is not None,", "lambda f: True,"),
    Fault("sobriety is not asked", TABLE, 'lambda f: f.affirmed("not_intoxicated"),', "lambda f: True,"),
    Fault("a debt holds nothing", TABLE, "lambda f: not f.earlier_integration_open,", "lambda f: True,"),
    Fault(
        "a clearance hears nothing later",
        "screening/selectors/clearances.py",
        "for row in rows if not row.is_suspended), None)",
        "for row in rows), None)",
    ),
    Fault(
        "the gap is a day shorter",
        "sessions/dosing/gates/conditions.py",
        "gap >= timedelta(hours=f.min_gap_hours)",
        "gap >= timedelta(hours=f.min_gap_hours - 24)",
    ),
    Fault(
        "the window begins an hour early",
        "programs/rules/__init__.py",
        'dosed_at + timedelta(hours=window["from_hours"]),',
        'dosed_at + timedelta(hours=window["from_hours"] - 1),',
    ),
    Fault(
        "an infusion owes an integration and KAP none",
        "sessions/integration/services/owing.py",
        "if not program.protocol.owes_integration or",
        "if program.protocol.owes_integration or",
    ),
    Fault(
        "too early is met",
        "sessions/integration/services/obligations.py",
        "if began is None or began < earliest:",
        "if began is None:",
    ),
    Fault(
        "a red value is silent",
        "sessions/monitoring/services/alarms.py",
        '"red": Alarm.Cause.RED, "emergency": Alarm.Cause.RED, ',
        "",
    ),
    Fault(
        "an overdue check is silent",
        "sessions/monitoring/services/alarms.py",
        "cause = rules.OVERDUE.get(state)\n    if cause is None:",
        "cause = rules.OVERDUE.get(state)\n    if cause is not None:",
    ),
    Fault(
        "another day will do",
        "sessions/booking/services/days.py",
        "if not opens <= moment <= closes:",
        "if not moment <= closes:",
    ),
    Fault(
        "home before the stay is over",
        "sessions/dosing/rules/discharge.py",
        "return last_ended_at + timedelta(minutes=protocol.min_stay_min)",
        "return last_ended_at + timedelta(minutes=protocol.min_stay_min - 30)",
    ),
    Fault(
        "the desk reads the weight",
        "sessions/visits/selectors/sessions.py",
        'CLINICAL = frozenset({"fasting_since", "weight_kg", ',
        'CLINICAL = frozenset({"fasting_since", ',
    ),
    Fault(
        "an idempotency key is forgotten",
        "kapclinic/trail/idempotency.py",
        "if 200 <= response.status_code < 300:",
        "if response.status_code == 299:",
    ),
    Fault(
        "a second course begins beside the first",
        "programs/services/__init__.py",
        "    if other is not None:\n        words =",
        "    if other is not None and not other.pk:\n        words =",
    ),
    # --- a lock is dropped: two at the same moment ---
    Fault(
        "two boosters pass one order",
        "sessions/booking/sql/hold.py",
        'HOLD = "clinic_sessions_hold(%s, %s)"',
        'HOLD = "(%s::uuid IS NULL OR %s)"',
    ),
    Fault(
        "a decision does not wait for a medicine",
        "screening/services/access.py",
        "rows = Client.objects.select_for_update(no_key=True).filter(",
        "rows = Client.objects.filter(",
    ),
    Fault(
        "two workers book one integration",
        "sessions/integration/services/obligations.py",
        "    program = lock_program(program_id)\n    obligation = (\n"
        '        Obligation.objects.select_for_update(of=("self",))\n',
        '    program = Program.objects.select_related("protocol").get(pk=program_id)\n    obligation = (\n'
        "        Obligation.objects\n",
    ),
    Fault(
        "a cancelled session is begun",
        "sessions/visits/services/visits.py",
        '    programs.lock_program(Session.objects.values_list("program_id", flat=True).get(pk=session_id))\n'
        '    found = Session.objects.select_for_update(of=("self",)).select',
        "    assert programs\n    found = Session.objects.select",
    ),
    # --- clocks ---
    Fault(
        "the house opens by the clock of Greenwich",
        "sessions/booking/sql/hours.sql",
        "SELECT id, time_zone AS tz,",
        "SELECT id, 'UTC'::text AS tz,",
    ),
    Fault(
        "the clock is not put back in autumn",
        "sessions/booking/sql/hours.sql",
        "SELECT id, time_zone AS tz,",
        "SELECT id, CASE time_zone WHEN 'America/Denver' THEN 'Etc/GMT+6' ELSE 'Etc/GMT+4' END AS tz,",
    ),
    # --- what is owed, asked and told ---
    Fault(
        "a reading closes every check",
        "sessions/monitoring/rules/__init__.py",
        "return [check for check in (nearest, *in_time) if is_open(check)]",
        "return [check for check in checks if is_open(check)]",
    ),
    Fault(
        "a debt is of one course",
        "sessions/integration/selectors.py",
        "Obligation.objects.open().filter(client__in=person(client_id))",
        "Obligation.objects.open().filter(program__sessions=but, client__in=person(client_id))",
    ),
    Fault(
        "the sweep swallows what is owed",
        "sessions/integration/services/placing.py",
        "    each(_errands(waiting, at=at), partial",
        "    each(_errands(waiting[:0], at=at), partial",
    ),
    Fault(
        "who opens an alarm has answered it",
        "sessions/monitoring/api/alarms.py",
        "    def acknowledge(self, request",
        "    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:\n"
        "        row = self.get_object()\n"
        '        if row.state == "open":\n'
        '            services.acknowledge_alarm(alarm_id=row.pk, action="Seen.", by=self.user, at=self.at)\n'
        "        return super().retrieve(request, *args, **kwargs)\n\n"
        "    def acknowledge(self, request",
    ),
    Fault(
        "waived is met",
        "sessions/integration/rules.py",
        "S.WAIVED, WAIVERS)",
        "S.MET, WAIVERS)",
    ),
    Fault(
        "a voided dose leaves its debt",
        "sessions/dosing/services/dose_voids.py",
        "    integration.void_obligation(dose=session, by=by, at=at)\n",
        "",
    ),
    Fault(
        "a message leaves although nobody wants it",
        "sessions/reminders/rules/__init__.py",
        "        and client.communication_consent.get(channel) is True\n",
        "",
    ),
    # --- money and traces ---
    Fault(
        "a refund takes back the whole share",
        "billing/ledger/services/payments.py",
        "        if row.amount > needed and",
        "        if row.amount < needed and",
    ),
    Fault(
        "who opens a record leaves no trace",
        "kapclinic/trail/http.py",
        "        if told and self.client_path is not None and self.action in self.logged:",
        '        if told and self.client_path is not None and self.action in self.logged - {"retrieve"}:',
    ),
)
