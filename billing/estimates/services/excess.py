"""A charge that goes beyond what the client was told it would cost: warned of, then refused."""

from __future__ import annotations

from billing.estimates import rules, selectors
from billing.estimates.rules import Excess, Expected
from billing.ledger.models import Charge
from billing.ledger.services.allocations import lock_ledger
from kapclinic.core.errors import Conflict
from kapclinic.practice.models import User
from kapclinic.practice.rules import DIRECTOR


class EstimateExceeded(Conflict):
    code, title = "estimate_exceeded", "The client's Good Faith Estimate is exceeded by $400 or more"


class EstimateWatcher:
    """Stands beside the ledger (`billing.ledger.services.watch`): every charge is compared, whoever posts it."""

    def look_at(self, charge: Charge, *, override_reason: str, by: User) -> None:
        """Compare what the clinician's services come to with their estimate; two desks wait for each other.

        :raises EstimateExceeded: at $400.00 and more over it, unless the medical director says why
        """
        if not charge.session_id or not selectors.expected_on(charge=charge):
            return  # a fee without a session is no service that an estimate could name
        lock_ledger(charge.client_id)
        over = _excess_with(charge, selectors.expected_on(charge=charge))
        passed = bool(override_reason) and bool(by.role_set & DIRECTOR)
        if over is None or over.over < rules.REFUSE_FROM or passed:
            return
        detail = (
            f"It would be {over.over} over the estimate. Issue a new one before the service, or the medical director "
            "passes it with a reason."
        )
        raise EstimateExceeded(detail, excess=over.as_dict())

    def warnings_of(self, charge: Charge) -> list[dict[str, str]]:
        """From $300.00 over the estimate; and a clinician whom the client's estimates of that day do not name."""
        expected = selectors.expected_on(charge=charge) if charge.session_id else []
        if not expected:
            return []
        over = _excess_with(charge, expected)
        if over is None:
            numbers = ", ".join(sorted({row.number for row in expected}))
            detail = f"{numbers} does not name who rendered this: issue a new estimate."
            return [{"code": "not_on_estimate", "detail": detail}]
        if over.over < rules.WARN_FROM:
            return []
        detail = f"Billed {over.billed} against {over.estimated} estimated: {over.over} over."
        return [{"code": "estimate_excess", "detail": detail}]


def _excess_with(charge: Charge, expected: list[Expected]) -> Excess | None:
    """What the clinician's services come to with this charge; None when no estimate of that day names them."""
    if charge.rendering_id is None:
        return None
    found = selectors.excesses(client=charge.client_id, expected=expected, renderings=[charge.rendering_id])
    return found[0] if found else None


WATCHER = EstimateWatcher()
