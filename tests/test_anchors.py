"""The ends of the chains, kept outside by the sweep: what is found beside them, and a place that is away."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client

from kapclinic.core.clock import fixed
from kapclinic.practice.models import SYSTEM
from kapclinic.trail import anchors, rules
from kapclinic.trail.models import AnchorKeeping, AuditSeal
from kapclinic.trail.places import Away, place_at
from kapclinic.trail.places.s3 import Bucket
from kapclinic.trail.services import keep_anchor, log_act, seal_events
from tests.asking import as_superuser
from tests.cast import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)
KEY, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (7, 8))
LATER = MONDAY + timedelta(minutes=10)


@pytest.fixture
def place(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    settings.ANCHOR_URL, settings.ANCHOR_KEY, settings.ANCHOR_MINUTES = folder.as_uri(), KEY, 10
    return folder


def _log(count: int = 1) -> None:
    for _ in range(count):
        log_act(by=SYSTEM.pk, roles=["system"], action="client.retrieve", object_type="client", at=MONDAY)
    seal_events()


def _cut(behind: int) -> None:
    with as_superuser() as intruder:
        rows = f"DELETE FROM trail_auditseal WHERE sequence > {behind} RETURNING event_id"
        for (event,) in intruder.execute(rows).fetchall():
            intruder.execute("DELETE FROM trail_auditevent WHERE id = %s", [event])


def _verified(capsys: pytest.CaptureFixture[str], *, at: datetime = LATER) -> str:
    capsys.readouterr()
    with fixed(at):
        call_command("verify_audit")
    return capsys.readouterr().out


def _broken(match: str, *, at: datetime = LATER) -> None:
    with fixed(at), pytest.raises(CommandError, match=match):
        call_command("verify_audit")


def _names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def _readyz() -> Any:
    return Client().get("/readyz").json()["anchors"]


def test_an_anchor_is_put_outside_when_a_chain_moved_and_never_written_again(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _readyz() is None
    _log(3)
    assert keep_anchor(at=MONDAY) == 1
    (first,) = _names(place)
    content = json.loads((place / first).read_text())
    assert content["audit"] == {"sequence": 3, "hash": AuditSeal.objects.get(sequence=3).hash}
    assert "-000000000003-" in first
    assert keep_anchor(at=LATER) == 0  # nothing moved
    _log()
    assert keep_anchor(at=MONDAY + timedelta(minutes=9)) == 0  # too soon
    assert keep_anchor(at=LATER) == 1
    assert (_names(place)[0], len(_names(place))) == (first, 2)
    with fixed(LATER):
        assert _readyz() == {"age_seconds": 0.0, "failing_seconds": None}
    assert "newest anchor, 10 minutes old" in _verified(capsys, at=LATER + timedelta(minutes=10))
    assert "newest anchor, 3 days old" in _verified(capsys, at=LATER + timedelta(days=3))
    with pytest.raises(Away, match="does not take"):
        anchors.outside(at=LATER).put(first, "other")  # type: ignore[union-attr]
    assert json.loads((place / first).read_text()) == content


def test_without_a_place_a_cut_end_is_said_to_be_unseen(capsys: pytest.CaptureFixture[str]) -> None:
    _log(3)
    _cut(1)
    assert keep_anchor(at=MONDAY) == 0
    assert "no anchor: a cut end can't be seen." in _verified(capsys)


def test_an_end_that_was_cut_off_is_found_and_no_anchor_covers_it_up(
    place: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    _log(3)
    keep_anchor(at=MONDAY)
    _cut(1)
    _broken("audit chain: link 2 is missing: the anchor holds 3 links")
    assert keep_anchor(at=LATER) == 0  # the sweep puts no anchor of what is left
    assert "the ends of the chains are not kept" in caplog.text
    _log(2)
    _broken("audit chain: link 3 is not the one that the anchor holds")
    assert keep_anchor(at=LATER + timedelta(hours=1)) == 0
    assert len(_names(place)) == 1
    with fixed(LATER + timedelta(hours=1)):
        assert _readyz() == {"age_seconds": 4200.0, "failing_seconds": 3600.0}
        assert Client().get("/readyz").json()["status"] == "degraded"

    # A backup was restored, and somebody says so: from then on the chain holds beside the anchor that tells it.
    with fixed(LATER + timedelta(hours=2)):
        call_command("export_anchor", "--outside", restored="the disk was lost")
    assert json.loads((place / _names(place)[1]).read_text())["restored"] == "the disk was lost"
    assert "is still there" in _verified(capsys, at=LATER + timedelta(hours=3))
    assert keep_anchor(at=LATER + timedelta(hours=3)) == 0  # nothing moved, and nothing is in the way


def test_a_shorter_chain_that_somebody_anchored_with_the_key_is_seen_by_the_anchor_before(
    place: Path, settings: Any
) -> None:
    _log(3)
    keep_anchor(at=MONDAY)
    _cut(1)
    content = anchors.present(at=LATER)
    (place / rules.anchor_name(content)).write_text(anchors.written(content))
    _broken("holds fewer links than the anchor before it")


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (lambda c: c | {"audit": c["audit"] | {"sequence": 1}}, "was changed after it was written"),
        (lambda c: {k: v for k, v in c.items() if k != "signature"}, "is not signed by ANCHOR_KEY"),
        (lambda c: c | {"signature": base64.b64encode(bytes(64)).decode()}, "is not signed by ANCHOR_KEY"),
        (lambda c: ["nothing"], "is not an anchor"),
    ],
)
def test_a_forged_anchor_is_found(place: Path, forge: Any, why: str) -> None:
    _log(3)
    keep_anchor(at=MONDAY)
    (only,) = place.iterdir()
    only.chmod(0o600)
    only.write_text(json.dumps(forge(json.loads(only.read_text()))))
    _broken(why)
    _log()
    assert keep_anchor(at=LATER) == 0
    assert AnchorKeeping.objects.get().failing_since == LATER


def test_an_anchor_of_another_key_counts_only_where_its_public_key_is_known(
    place: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    _log(3)
    keep_anchor(at=MONDAY)
    public = json.loads(next(place.iterdir()).read_text())["key"]
    settings.ANCHOR_KEY = OTHER
    _broken("is not signed by ANCHOR_KEY or one of ANCHOR_PUBLIC_KEYS")
    settings.ANCHOR_PUBLIC_KEYS = [public]
    assert "is still there" in _verified(capsys)
    settings.ANCHOR_KEY = ""  # who only reads needs no key that signs, and puts nothing there
    assert "is still there" in _verified(capsys)
    _log()
    assert keep_anchor(at=LATER) == 0
    settings.ANCHOR_KEY = "c2hvcnQ="
    with pytest.raises(ImproperlyConfigured, match="32 bytes"):
        keep_anchor(at=LATER)


def test_anchors_that_were_taken_away_are_missed(place: Path) -> None:
    _log(3)
    keep_anchor(at=MONDAY)
    next(place.iterdir()).unlink()
    _broken("Anchors were kept, and the place has none")


def test_a_place_that_is_away_holds_nothing_up_and_is_made_up_for_later(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _log(3)
    place.rename(place.with_name("unmounted"))
    assert [keep_anchor(at=MONDAY + timedelta(minutes=n)) for n in (0, 1)] == [0, 0]
    assert not place.exists()
    with fixed(LATER):
        assert _readyz() == {"age_seconds": None, "failing_seconds": 600.0}
        assert Client().get("/readyz").json()["status"] == "degraded"
    capsys.readouterr()
    _broken("The place of the anchors is away")
    assert "audit chain: every link holds." in capsys.readouterr().out
    place.with_name("unmounted").rename(place)
    assert keep_anchor(at=MONDAY + timedelta(minutes=2)) == 1  # at once, not ten minutes later
    assert "newest anchor, 8 minutes old" in _verified(capsys)
    assert _readyz()["failing_seconds"] is None


def test_an_anchor_by_mail_leaves_and_is_given_back_by_hand(
    settings: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings.ANCHOR_URL, settings.ANCHOR_KEY = "mailto:director@clinic.example", KEY
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    _log(3)
    assert keep_anchor(at=MONDAY) == 0
    assert AnchorKeeping.objects.get().problem == "EMAIL_URL sends nothing"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert keep_anchor(at=LATER) == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.subject[:7]) == (["director@clinic.example"], "anchor-")
    assert "they go by mail, so give the newest with --anchor" in _verified(capsys)
    file = tmp_path / "anchor.json"
    file.write_text(str(sent.body))
    _cut(2)
    with pytest.raises(CommandError, match="link 3 is missing"):
        call_command("verify_audit", anchor=file)


# --- a bucket -----------------------------------------------------------------------------------------------------


class Store(BaseHTTPRequestHandler):
    """As much of an S3-compatible store as is asked: it takes a new object once, lists two at a time, and gives one."""

    kept: dict[str, str] = {}
    away = False

    def _signed(self) -> bool:
        told = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=\S+",
            self.headers["authorization"],
        )
        assert told
        assert told[1] == f"reader/{MONDAY:%Y%m%d}/eu-central-1/s3/aws4_request"
        parts = urlsplit(self.path)
        named = {name: self.headers[name] for name in told[2].split(";")}
        bucket = Bucket(
            name="", prefix="", endpoint="", region="eu-central-1", access_key="reader", secret_key="secret", at=MONDAY
        )  # fmt: skip
        return bucket._signed(self.command, parts.path, parts.query, named) == self.headers["authorization"]

    def _answer(self, status: int, text: str = "") -> None:
        self.send_response(503 if self.away else status)
        self.end_headers()
        self.wfile.write(text.encode())

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        name = urlsplit(self.path).path
        if not self._signed() or self.headers["if-none-match"] != "*":
            return self._answer(403)
        if name in self.kept:
            return self._answer(412)
        if not self.away:
            self.kept[name] = body
        return self._answer(200)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if not self._signed():
            return self._answer(403)
        if "list-type" not in query:
            return self._answer(200 if parts.path in self.kept else 404, self.kept.get(parts.path, ""))
        keys = sorted(unquote(name.removeprefix("/anchors/")) for name in self.kept)
        keys = [key for key in keys if key > query.get("continuation-token", "")]
        page = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys[:2])
        more = f"<NextContinuationToken>{keys[1]}</NextContinuationToken>" if len(keys) > 2 else ""
        return self._answer(200, f"<ListBucketResult>{page}{more}</ListBucketResult>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def store(settings: Any) -> Iterator[type[Store]]:
    class Mine(Store):
        kept: dict[str, str] = {}

    with HTTPServer(("127.0.0.1", 0), Mine) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        settings.ANCHOR_URL = (
            f"s3://anchors/the clinic?endpoint=http://127.0.0.1:{server.server_port}&region=eu-central-1"
        )
        settings.ANCHOR_KEY, settings.ANCHOR_BUCKET_KEY, settings.ANCHOR_BUCKET_SECRET = (
            KEY,
            "reader",
            "secret",
        )
        yield Mine
        server.shutdown()
        thread.join()


def test_anchors_in_a_bucket_are_put_listed_and_read(store: type[Store]) -> None:
    for minutes in (0, 10, 20):
        _log()
        assert keep_anchor(at=MONDAY + timedelta(minutes=minutes)) == 1, AnchorKeeping.objects.get().problem
    assert len(store.kept) == 3
    assert all(name.startswith("/anchors/the%20clinic/anchor-") for name in store.kept)
    with fixed(MONDAY + timedelta(minutes=30)):
        assert len(anchors.outside(at=MONDAY).names()) == 3  # type: ignore[union-attr]
    _cut(2)
    place = anchors.outside(at=MONDAY)
    assert place is not None
    with pytest.raises(anchors.Untrue, match="link 3 is missing"):
        anchors.put_anchor(place, at=MONDAY)


def test_a_bucket_that_is_away_is_told_and_made_up_for(store: type[Store]) -> None:
    _log()
    store.away = True
    assert keep_anchor(at=MONDAY) == 0
    assert AnchorKeeping.objects.get().problem == "the bucket answers 503"
    store.away = False
    assert keep_anchor(at=MONDAY + timedelta(minutes=1)) == 1


def test_a_request_is_signed_as_the_stores_own_example() -> None:
    """Source: AWS, S3 API Reference, "Signature Calculations: Transferring Payload in a Single Chunk", GET Bucket."""
    bucket = Bucket(
        name="examplebucket",
        prefix="",
        endpoint="https://examplebucket.s3.amazonaws.com",
        region="us-east-1",
        access_key="AKIAIOSFODNN7EXAMPLE",
        secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        at=datetime(2013, 5, 24, tzinfo=UTC),
    )
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-amz-date": "20130524T000000Z",
    }
    signed = bucket._signed("GET", "/", "max-keys=2&prefix=J", headers)
    assert signed.endswith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")


@pytest.mark.parametrize(
    "url", ["file://elsewhere/x", "ftp://x/y", "s3://bucket", "mailto:nobody", "s3://b/p?endpoint=s3.example"]
)
def test_an_address_that_names_no_place_is_refused(url: str, settings: Any) -> None:
    with pytest.raises(ValueError, match="file:///folder"):
        place_at(url, at=MONDAY, access_key="a", secret_key="b")
    settings.ANCHOR_URL, settings.ANCHOR_KEY = url, KEY
    with pytest.raises(ImproperlyConfigured, match="ANCHOR_URL"):
        keep_anchor(at=MONDAY)


def test_the_public_key_of_an_anchor_is_that_of_the_key(place: Path) -> None:
    keep_anchor(at=MONDAY)
    content = json.loads(next(place.iterdir()).read_text())
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(KEY)).public_key()
    assert base64.b64decode(content["key"]) == key.public_bytes_raw()
    key.verify(base64.b64decode(content["signature"]), rules.anchor_text(content))
