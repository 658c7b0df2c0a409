"""App config; at start the field keys are read once, and `verify_audit` learns the chains of this app."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions"
    label = "clinic_sessions"

    def ready(self) -> None:
        import sessions.receivers  # noqa: F401, PLC0415
        from kapclinic.core import crypto  # noqa: PLC0415  (models are ready only now)
        from kapclinic.trail import turns  # noqa: PLC0415
        from kapclinic.trail.chains import Anchor, register, register_anchor  # noqa: PLC0415
        from kapclinic.trail.wall import stand_behind  # noqa: PLC0415
        from sessions.boards.sql.day_mark import MAKE_DAY_MARK  # noqa: PLC0415
        from sessions.boards.sql.watched_mark import MAKE_WATCHED_MARKS  # noqa: PLC0415
        from sessions.drugs.selectors import beside_anchor, ledger_heads, ledger_problem  # noqa: PLC0415
        from sessions.links.services import link_for_reminder  # noqa: PLC0415
        from sessions.notes.selectors import signed_notes_problem  # noqa: PLC0415
        from sessions.reminders.services import register_links  # noqa: PLC0415
        from sessions.sweep.steps import periods  # noqa: PLC0415

        crypto.keys()
        stand_behind(MAKE_DAY_MARK)
        stand_behind(MAKE_WATCHED_MARKS)
        turns.declare(periods)
        register("drug ledger", ledger_problem)
        register_anchor("drugs", Anchor(ledger_heads, beside_anchor))
        register_links(link_for_reminder)
        register("signed notes", signed_notes_problem)
