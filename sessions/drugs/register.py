"""The register of a location's drug as an inspector reads it: plain rows, and the paper of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kapclinic.core import paper
from kapclinic.practice.models import Client, Location
from sessions.drugs import rules
from sessions.drugs.models import DrugEntry, DrugLot

TEMPLATE = Path(__file__).parent / "register.typ"
RECEIVED = frozenset({rules.K.RECEIVE, rules.K.TRANSFER_IN})


def initials(name: str) -> str:
    return "".join(part[0] for part in name.split()).upper()


def address_of(address: Mapping[str, Any]) -> str:
    """An address in one line."""
    city = " ".join(str(address.get(key) or "") for key in ("state", "postal_code")).strip()
    parts = (address.get("line1"), address.get("line2"), address.get("city"), city)
    return ", ".join(str(part) for part in parts if part)


def _person(name: str | None, credentials: str | None) -> dict[str, str]:
    return {
        "name": name or "",
        "initials": initials(name or ""),
        "credentials": credentials or "",
    }


def _client(client: Client | None) -> dict[str, Any] | None:
    if client is None:
        return None
    return {"id": client.pk, "name": client.legal_name, "address": address_of(client.address)}


def _supplier(entry: DrugEntry, lot: DrugLot) -> dict[str, str] | None:
    if entry.kind not in RECEIVED:
        return None
    return {
        "name": lot.supplier,
        "address": lot.supplier_address,
        "dea_number": lot.supplier_dea_number,
        "invoice": lot.invoice,
    }


def row_of(entry: Any, *, zone: ZoneInfo) -> dict[str, Any]:
    """One entry as the register shows it (21 CFR 1304.22(c)); `entry` comes from `selectors.register`."""
    lot, witness = entry.lot, entry.witness
    moment = entry.occurred_at or entry.created_at
    found = getattr(entry, "discrepancy", None)
    return {
        "id": entry.pk,
        "lot": lot.pk,
        "drug": lot.drug,
        "form": lot.form,
        "concentration_mg_per_ml": lot.concentration_mg_per_ml,
        "ndc": lot.ndc,
        "lot_number": lot.lot_number,
        "expires_on": lot.expires_on,
        "sequence": entry.sequence,
        "kind": entry.kind,
        "date": moment.astimezone(zone).date(),
        "occurred_at": moment,
        "recorded_at": entry.created_at,
        "amount_mg": entry.amount_mg,
        "volume_ml": rules.volume_ml(entry.amount_mg, concentration=lot.concentration_mg_per_ml),
        "given_mg": entry.given_mg,
        "wasted_mg": entry.wasted_mg,
        "delta_mg": entry.delta_mg,
        "balance_mg": entry.balance_mg,
        "containers": rules.containers(balance_mg=entry.balance_mg, container_mg=lot.container_mg),
        "client": _client(entry.client),
        "session": entry.session_id,
        "administration": entry.administration,
        "by": _person(entry.by_name, entry.by_credentials),
        "witness": None if witness is None else _person(witness.name, witness.credentials),
        "witness_verified_at": entry.witness_verified_at,
        "supplier": _supplier(entry, lot),
        "reason": entry.reason,
        "form_106_number": "" if found is None else found.form_106_number,
        "counterpart": entry.counterpart,
    }


def _mg(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _printed(row: Mapping[str, Any], *, zone: ZoneInfo, signs: Mapping[str, str]) -> dict[str, str]:
    client, supplier, held = row["client"], row["supplier"], row["containers"]
    who = f"{client['name']}, {client['address']}" if client else row["reason"]
    if supplier:
        who = ", ".join(filter(None, supplier.values()))
    return {
        "lot": f"{row['drug']} {row['form']}, lot {row['lot_number']}, expires {row['expires_on']}"
        + (f", NDC {row['ndc']}" if row["ndc"] else ""),
        "sequence": str(row["sequence"]),
        "when": f"{row['occurred_at'].astimezone(zone):%Y-%m-%d %H:%M}",
        "kind": row["kind"].replace("_", " "),
        "who": who,
        "amount": _mg(row["amount_mg"]),
        "volume": _mg(row["volume_ml"]),
        "given": _mg(row["given_mg"]),
        "wasted": _mg(row["wasted_mg"]),
        "balance": _mg(row["balance_mg"])
        + (f" ({held['whole']} full, {_mg(held['open_mg'])} open)" if held else ""),
        "by": signs[row["by"]["name"]],
        "witness": signs[row["witness"]["name"]] if row["witness"] else "",
    }


def people_of(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Whose initials stand in the rows, each once, by name."""
    people = [person for row in rows for person in (row["by"], row["witness"]) if person]
    return sorted({person["name"]: person for person in people}.values(), key=lambda person: person["name"])


def signs_of(people: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What stands for each name on paper: the initials, or the name where two people share them."""
    people = list(people)
    shared = Counter(person["initials"] for person in people)
    return {
        person["name"]: person["initials"] if shared[person["initials"]] == 1 else person["name"]
        for person in people
    }


def print_register(
    rows: list[dict[str, Any]], *, location: Location, first: date, last: date, at: datetime
) -> bytes:
    """The rows on paper, lot by lot, with a legend of initials."""
    people = people_of(rows)
    signs = signs_of(people)
    content = {
        "location": location.legal_name or location.name,
        "address": address_of(location.address),
        "dea_number": location.dea_number,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "zone": location.time_zone,
        "rows": [_printed(row, zone=location.zone, signs=signs) for row in rows],
        "people": people,
    }
    pdf, _ = paper.render_pdf(template=TEMPLATE, content=content, at=at)
    return pdf
