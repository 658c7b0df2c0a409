"""The ledgers of two locations against a model of Decimals: whatever the clinic does, and in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kapclinic.core.errors import ClinicError
from sessions.booking.models import Session
from sessions.dosing import services as dosing
from sessions.dosing.models import Administration, Order
from sessions.drugs import selectors, services
from sessions.drugs.models import DrugCount, DrugDiscrepancy, DrugLot
from sessions.visits import services as visits
from tests.cast import MONDAY, Cast
from tests.sessions.drugs.stock import dose, lot_with

ZERO = Decimal("0.000")
MG = st.decimals(min_value="0.001", max_value="300", places=3)
COUNTED = MG | st.just(ZERO)
SIGNED = st.decimals(min_value="-300", max_value="300", places=3)
PERCENT = st.integers(0, 100)
PLENTY = Decimal(99_999)  # what is ordered limits no dose here: the safe does


def split(amount: Decimal, percent: int) -> tuple[Decimal, Decimal]:
    wasted = (amount * percent / 100).quantize(Decimal("0.001"))
    return amount - wasted, wasted


class Safes(RuleBasedStateMachine):
    """What should be in both safes; each rule does it by the services and says what must come of it."""

    cast: ClassVar[Cast]
    session: ClassVar[Session]  # whose doses they are

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.here, self.there = ZERO, ZERO
        self.lines, self.found = 1, 0
        self.open: dict[UUID, Decimal] = {}  # drawn, and not yet settled
        self.voided: set[UUID] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize(mg=MG)
    def receive(self, mg: Decimal) -> None:
        self.lot = lot_with(self.cast, str(mg))
        self.here = mg
        self.order = Order(
            session=self.session,
            prescriber=self.cast.prescriber,
            drug="ketamine",
            route="intravenous",
            dose_mg=PLENTY,
            max_total_mg=PLENTY,
            valid_until=self.session.ends_at,
        ).insert_by(self.cast.prescriber, at=MONDAY)

    def attempt(self, act: Callable[[], Any], *, possible: bool) -> bool:
        """Do it, when it is possible; else it must be refused, with nothing written (the invariants look)."""
        try:
            with transaction.atomic():
                act()
                connection.check_constraints()
        except ClinicError:
            assert not possible
            return False
        assert possible
        return True

    def enter(
        self, kind: str, mg: Decimal, *, lot: DrugLot | None = None, by: str = "np", **more: Any
    ) -> Any:
        return lambda: services.record_entry(
            lot_id=(lot or self.lot).pk,
            kind=kind,
            amount_mg=mg,
            reason="why",
            witness=self.cast.prescriber if by == "np" else None,
            by=self.cast.people[by],
            at=MONDAY,
            **more,
        )

    @rule(mg=MG, percent=PERCENT)
    def give(self, mg: Decimal, percent: int) -> None:
        given, wasted = split(mg, percent)
        amounts = (str(mg), str(given), str(wasted))
        act = partial(dose, self.cast, self.session, self.lot, *amounts, witness=self.cast.prescriber)
        if self.attempt(act, possible=mg <= self.here):
            self.here -= mg
            self.lines += 2 if wasted else 1

    def _infuse(self, mg: Decimal) -> UUID:
        row = Administration(
            session=self.session,
            order=self.order,
            is_first=False,
            drug="ketamine",
            route="intravenous",
            dose_mg=mg,
            supply="clinic_stock",
            drug_lot=self.lot.pk,
            given_by="staff",
            staff=self.cast.np,
            drawn_mg=mg,
            administered_at=MONDAY,
            recorded_at=MONDAY,
            gates=[],
        ).insert_by(self.cast.np, at=MONDAY)
        dose(self.cast, self.session, self.lot, str(mg), administration=row.pk)
        return UUID(str(row.pk))

    @rule(mg=MG)
    def begin_an_infusion(self, mg: Decimal) -> None:
        made: list[UUID] = []
        if self.attempt(lambda: made.append(self._infuse(mg)), possible=mg <= self.here):
            self.here -= mg
            self.lines += 1
            self.open[made[0]] = mg

    @precondition(lambda self: self.open)
    @rule(percent=PERCENT, wrong=st.booleans())
    def finish(self, percent: int, wrong: bool) -> None:
        pk, drawn = next(iter(self.open.items()))
        given, wasted = split(drawn, percent)
        values = {"ended_at": MONDAY, "given_mg": given + (1 if wrong else 0), "wasted_mg": wasted}
        by = {"witness": self.cast.prescriber, "by": self.cast.np}
        act = partial(dosing.finish_administration, dose_id=pk, values=values, at=MONDAY, **by)
        if self.attempt(act, possible=not wrong):
            del self.open[pk]
            self.lines += 2 if wasted else 1

    @precondition(lambda self: set(self.open) - self.voided)
    @rule()
    def void(self) -> None:
        """A dose that was recorded in error left the safe all the same, and is still to be settled."""
        pk = min(set(self.open) - self.voided)
        visits.void_administration(dose_id=pk, reason="error", by=self.cast.prescriber, at=MONDAY)
        self.voided.add(pk)

    @rule(kind=st.sampled_from(["waste", "return", "loss"]), mg=MG)
    def take_out(self, kind: str, mg: Decimal) -> None:
        if self.attempt(self.enter(kind, mg), possible=mg <= self.here):
            self.here -= mg
            self.lines += 1
            self.found += kind == "loss"

    @rule(mg=SIGNED)
    def correct(self, mg: Decimal) -> None:
        if self.attempt(self.enter("correct", mg), possible=mg != 0 and self.here + mg >= 0):
            self.here += mg
            self.lines += 1
            self.found += mg < 0 or mg > 100  # the limit of a location

    @rule(mg=COUNTED)
    def count_by_hand(self, mg: Decimal) -> None:
        assert self.attempt(self.enter("count", mg), possible=True)
        self.found += mg != self.here
        self.here = mg
        self.lines += 1

    @rule(mg=COUNTED, right=st.booleans())
    def count_the_safe(self, mg: Decimal, right: bool) -> None:
        mg = self.here if right else mg
        values = {
            "location": self.cast.north.pk,
            "kind": "closing",
            "lines": [{"lot": self.lot.pk, "counted_mg": mg}],
        }
        services.record_count(values=values, witness=self.cast.prescriber, by=self.cast.np, at=MONDAY)
        differs = mg != self.here
        assert DrugCount.objects.latest("id").lines.get().difference_mg == mg - self.here
        self.found += differs
        self.lines += differs
        self.here = mg

    @rule(mg=MG)
    def send(self, mg: Decimal) -> None:
        act = self.enter("transfer", mg, to_location=self.cast.south.pk)
        if self.attempt(act, possible=mg <= self.here):
            self.here, self.there = self.here - mg, self.there + mg
            self.lines += 1

    @precondition(lambda self: self.there)
    @rule(mg=MG)
    def send_back(self, mg: Decimal) -> None:
        theirs = DrugLot.objects.get(location=self.cast.south)
        act = self.enter("transfer", mg, lot=theirs, by="south_np", to_location=self.cast.north.pk)
        if self.attempt(act, possible=mg <= self.there):
            self.here, self.there = self.here + mg, self.there - mg
            self.lines += 1

    @invariant()
    def both_safes_hold_what_was_done(self) -> None:
        if not hasattr(self, "lot"):
            return
        rows = list(self.lot.entries.order_by("sequence"))
        assert rows[-1].balance_mg == sum(row.delta_mg for row in rows) == self.here
        assert len(rows) == self.lines
        lots = DrugLot.objects.filter(location=self.cast.south).with_balance()
        assert [lot.balance_mg for lot in lots] in ([], [self.there])
        assert DrugDiscrepancy.objects.count() == self.found
        still_open = selectors.open_draws(session_id=self.session.pk)
        assert {row.administration for row in still_open} == set(self.open)
        assert selectors.ledger_problem() is None


@pytest.mark.django_db
def test_the_ledger_is_the_sum_of_what_was_done(cast: Cast, book: dict[str, Session]) -> None:
    Safes.cast, Safes.session = cast, book["dosing"]
    run_state_machine_as_test(
        Safes,
        settings=settings(
            max_examples=25,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        ),
    )
