"""App config; the sweep learns the step of this app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing.ledger.services.to_bill import sweep_to_bill  # noqa: PLC0415  (models are ready only now)
        from sessions.sweep.steps import register  # noqa: PLC0415

        register("to_bill", sweep_to_bill)
