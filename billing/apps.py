"""App config; the sweep learns the steps of this app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing.jobs.services import sweep_jobs  # noqa: PLC0415  (models are ready only now)
        from billing.ledger.services.to_bill import sweep_to_bill  # noqa: PLC0415
        from sessions.sweep.steps import register  # noqa: PLC0415

        register("to_bill", sweep_to_bill)
        register("jobs", sweep_jobs)
