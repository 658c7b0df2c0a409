"""App config; the sweep learns this app's steps, the ledger who looks at charges and who knows what is prepaid, and
whoever takes a merge back what to untie.
"""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing.estimates.services import WATCHER, sweep_estimate_due  # noqa: PLC0415  (models are ready only now)
        from billing.jobs.services import sweep_jobs  # noqa: PLC0415
        from billing.ledger.services import prepaid, watch  # noqa: PLC0415
        from billing.ledger.services.overtaken import sweep_overtaken  # noqa: PLC0415
        from billing.ledger.services.partings import part_money  # noqa: PLC0415
        from billing.ledger.services.to_bill import sweep_to_bill  # noqa: PLC0415
        from billing.packages.services.draws import post_drawn  # noqa: PLC0415
        from billing.packages.services.partings import part_packages  # noqa: PLC0415
        from billing.plans.services import sweep_plans  # noqa: PLC0415
        from billing.records.services import part_copies, sweep_exports, sweep_practice_exports  # noqa: PLC0415
        from sessions.course.services import partings  # noqa: PLC0415
        from sessions.sweep.steps import register  # noqa: PLC0415

        register("to_bill", sweep_to_bill)
        register("overtaken", sweep_overtaken)
        register("estimate_due", sweep_estimate_due)
        register("plans", sweep_plans)
        register("jobs", sweep_jobs)
        register("record_exports", sweep_exports)
        register("practice_exports", sweep_practice_exports)
        watch.register("estimates", WATCHER)
        prepaid.register(post_drawn)
        partings.register("packages", part_packages)
        partings.register("money", part_money)
        partings.register("copies", part_copies)
