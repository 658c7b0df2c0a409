"""App config; the trail learns the kinds of the worklist, who is one person and what is asked at the door.

A login starts a session's clocks.
"""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class PracticeConfig(AppConfig):
    name = "kapclinic.practice"
    label = "practice"

    def ready(self) -> None:
        from kapclinic.practice.factors import door  # noqa: PLC0415
        from kapclinic.practice.middleware import begin_session  # noqa: PLC0415  (settings are ready only now)
        from kapclinic.practice.selectors import of_person  # noqa: PLC0415
        from kapclinic.practice.worklist import Kind  # noqa: PLC0415
        from kapclinic.trail import kinds, people, threshold  # noqa: PLC0415

        kinds.declare(Kind)
        people.declare(of_person)
        threshold.declare(door.ask)
        user_logged_in.connect(begin_session, dispatch_uid="kapclinic.practice.begin_session")
