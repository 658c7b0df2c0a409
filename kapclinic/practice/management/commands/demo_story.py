"""`manage.py demo_story`: one dosing day over HTTP on a seeded, running clinic, and the worker's booking."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kapclinic.core import clock
from kapclinic.practice.management.demo.desk import DemoRefused, RemoteDesk, get, patch, post
from kapclinic.practice.management.demo.places import DOMAIN

PATIENCE_SECONDS = 90
ASKED = ("identifiers", "not_intoxicated", "equipment", "contraindications", "pdmp")


class Command(BaseCommand):
    help = "Records a dose on the demo clinic and waits for the worker to book its integration session."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", default="http://127.0.0.1:8000")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("KAP_DEMO_PASSWORD")
        if not password:
            raise CommandError("Set KAP_DEMO_PASSWORD to the demo clinic's password.")
        people = {
            name: RemoteDesk(options["base_url"], f"{name}@{DOMAIN}", password)
            for name in ("frontdesk", "np", "prescriber")
        }
        try:
            self._tell(people)
        except DemoRefused as exc:
            raise CommandError(str(exc)) from exc
        finally:
            for desk in people.values():
                desk.leave()

    def _say(self, who: str, what: str) -> None:
        self.stdout.write(f"  {who:<20} {what}")
        self.stdout.flush()

    def _tell(self, people: dict[str, RemoteDesk]) -> None:
        desk, np, prescriber = people["frontdesk"], people["np"], people["prescriber"]
        zone = ZoneInfo(get(desk, "locations/")["results"][0]["time_zone"])

        def local(moment: str) -> str:
            return datetime.fromisoformat(moment).astimezone(zone).strftime("%a %d %b %Y %H:%M %Z")

        session = get(desk, "sessions/", kind="dosing", status="scheduled", ordering="starts_at")["results"][
            0
        ]
        path = f"sessions/{session['id']}"
        self.stdout.write("A dosing day at the demo clinic, over the REST API:")
        post(desk, f"{path}/check-in/", {"at": session["starts_at"]})
        escort = {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}
        patch(desk, f"{path}/", {"escort": escort})
        self._say(
            "front desk", f"checks the client in for {local(session['starts_at'])}, notes who drives home"
        )
        patch(np, f"{path}/", {"attestations": dict.fromkeys(ASKED, True), "fasting_since": self._fasting()})
        self._say("nurse practitioner", "matches two identifiers, asks, checks the emergency equipment")
        open_gates = [
            gate["code"] for gate in get(np, f"{path}/readiness/")["gates"] if gate["state"] == "open"
        ]
        self._say("readiness", f"not yet: {', '.join(open_gates)}")
        order = self._order(prescriber, path)
        self._say("prescriber", f"orders {order['drug']} {order['dose_mg']} mg {order['route']}")
        reading = {"systolic": 124, "diastolic": 79, "heart_rate": 68, "spo2": 98, "sedation": 5}
        post(np, f"{path}/readings/", reading | {"measured_at": clock.now().isoformat()})
        self._say("nurse practitioner", "takes 124/79, pulse 68, SpO2 98 %: in band, ready")
        given = post(np, f"{path}/administrations/", self._dose(order))
        self._say("nurse practitioner", f"records the dose at {local(given['administered_at'])}")
        owed = given["obligation"]
        self._say(
            "obligation",
            f"integration owed from {local(owed['window_start'])} to {local(owed['window_end'])}",
        )
        booked = self._wait(desk, owed["id"])
        self._say("worker", f"booked the integration for {local(booked['starts_at'])} ({booked['modality']})")

    def _fasting(self) -> str:
        return (clock.now() - timedelta(hours=8)).isoformat()

    def _order(self, prescriber: RemoteDesk, path: str) -> Any:
        until = (clock.now() + timedelta(days=1)).isoformat()
        amounts = {"dose_mg": "100.000", "max_total_mg": "200.000", "valid_until": until}
        return post(prescriber, f"{path}/orders/", {"drug": "ketamine", "route": "sublingual"} | amounts)

    def _dose(self, order: dict[str, Any]) -> dict[str, Any]:
        return {
            "order": order["id"],
            "dose_mg": order["dose_mg"],
            "supply": "client_prescription",
            "administered_at": clock.now().isoformat(),
            "given_by": "self_observed",
        }

    def _wait(self, desk: RemoteDesk, obligation_id: str) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            obligation = get(desk, f"obligations/{obligation_id}/")
            if obligation["state"] == "booked":
                return obligation["integration_session"]
            time.sleep(0.3)
        raise CommandError(f"The worker has not booked the integration within {PATIENCE_SECONDS} s.")
