"""What stands on the shelf: sealed files that nobody changes unseen, and what counts there as a backup."""

from __future__ import annotations

import base64
import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kapclinic.backup import keeping
from kapclinic.backup.keeping import Keeper
from kapclinic.backup.programs import Programs
from kapclinic.backup.rebuilding import chosen, refuse_unless_empty
from kapclinic.backup.receiving import Receiver
from kapclinic.backup.sealing import CHUNK, Keys, seal, unseal
from kapclinic.backup.shelf import BASE, Manifest, Shelf
from kapclinic.backup.troubles import BackupError, Damaged, WrongKey

FIRST, SECOND = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
KEYS = Keys.parsed([FIRST])
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
MEGA = 16 * 1024 * 1024


def sealed(content: bytes, *, label: str = "a/base.tar") -> bytes:
    out = io.BytesIO()
    seal([content[at : at + 70_001] for at in range(0, len(content), 70_001)], out, keys=KEYS, label=label)
    return out.getvalue()


def opened(content: bytes, *, label: str = "a/base.tar", keys: Keys = KEYS) -> bytes:
    return b"".join(unseal(io.BytesIO(content), keys=keys, label=label))


@pytest.mark.parametrize("length", [0, 1, CHUNK, 3 * CHUNK + 7])
def test_what_was_sealed_comes_back_and_shows_nothing(length: int) -> None:
    content = os.urandom(length)
    there = sealed(content)
    assert opened(there) == content
    assert content[:64] not in there or length < 2
    rotated = Keys.parsed([SECOND, FIRST])  # a new key seals, the old one still opens
    assert opened(there, keys=rotated) == content


def test_a_file_that_was_changed_cut_off_or_put_elsewhere_is_not_opened() -> None:
    content = os.urandom(3 * CHUNK)
    there = sealed(content)
    for at in (20, 40, len(there) // 2, len(there) - 1):
        with pytest.raises(Damaged):
            opened(there[:at] + bytes([there[at] ^ 1]) + there[at + 1 :])
    first = 32 + 4 + int.from_bytes(there[32:36], "big")
    for cut in (there[:first], there[:-100], there[:32], there[:5], there + there[32:first]):
        with pytest.raises(Damaged):
            opened(cut)
    with pytest.raises(Damaged):
        opened(there, label="b/base.tar")
    with pytest.raises(WrongKey, match="is not the key"):
        opened(there, keys=Keys.parsed([SECOND]))


@pytest.mark.parametrize("keys", [[], ["nothing!"], ["c2hvcnQ="]])
def test_a_key_that_is_none_is_refused(keys: list[str]) -> None:
    with pytest.raises(BackupError, match="BACKUP_KEY"):
        Keys.parsed(keys)


def put(
    shelf: Shelf, at: datetime, *, segment: int = 3, checked: bool = True, whole: bool = True
) -> Manifest:
    manifest = Manifest(
        id=f"{at:%Y%m%dT%H%M%SZ}",
        started_at=at.isoformat(),
        finished_at=at.isoformat(),
        cluster="74",
        version="18.1",
        database="kapclinic",
        first_segment=f"0000000100000000{segment:08X}",
        segment_bytes=MEGA,
        point="p",
        checked_at=at.isoformat() if checked else "",
    )
    shelf.begin(manifest.id)
    manifest = shelf.put(manifest, BASE, [b"cluster"])
    if whole:
        shelf.finish(manifest)
    return manifest


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, KEYS)


def test_without_its_manifest_there_is_no_backup(shelf: Shelf) -> None:
    put(shelf, NOW, whole=False)
    assert shelf.backups() == []
    with pytest.raises(BackupError, match="holds no whole backup"):
        chosen(shelf, to=None, name="")
    older, newer = put(shelf, NOW + timedelta(hours=1)), put(shelf, NOW + timedelta(hours=2))
    assert chosen(shelf, to=None, name="") == newer
    assert chosen(shelf, to=NOW + timedelta(minutes=90), name="") == older
    assert chosen(shelf, to=None, name=older.id) == older
    with pytest.raises(BackupError, match="from before that moment"):
        chosen(shelf, to=NOW + timedelta(minutes=30), name="")
    with pytest.raises(BackupError, match="can't be made"):
        shelf.begin(older.id)


def test_a_missing_or_changed_file_is_named(shelf: Shelf) -> None:
    manifest = put(shelf, NOW)
    base, told = shelf.folder(manifest.id) / "base.tar.kap", shelf.folder(manifest.id) / "manifest.json"
    assert b"".join(shelf.open(manifest, BASE)) == b"cluster"
    other = put(shelf, NOW + timedelta(hours=1))
    before = base.read_bytes()
    base.write_bytes((shelf.folder(other.id) / "base.tar.kap").read_bytes())
    with pytest.raises(Damaged, match=f"{manifest.id}/base.tar was changed"):
        list(shelf.open(manifest, BASE))
    with base.open("wb") as file:  # sealed by the same key, but not the file that the manifest names
        seal([b"another"], file, keys=KEYS, label=f"{manifest.id}/{BASE}")
    with pytest.raises(Damaged, match="is not the file that the manifest names"):
        list(shelf.open(manifest, BASE))
    base.unlink()
    with pytest.raises(Damaged, match=f"{manifest.id}/base.tar is missing"):
        list(shelf.open(manifest, BASE))
    base.write_bytes(before)
    text = told.read_text()
    told.write_text(text.replace("18.1", "18.2"))
    with pytest.raises(WrongKey, match="was changed, or BACKUP_KEY is not"):
        chosen(shelf, to=None, name=manifest.id)
    told.write_text(text[:-30])
    with pytest.raises(Damaged, match="is not a manifest"):
        chosen(shelf, to=None, name=manifest.id)
    shelf.drop(other.id)
    with pytest.raises(Damaged, match="is not a manifest"):
        shelf.backups()
    told.write_text(text)
    with pytest.raises(WrongKey):
        Shelf(shelf.root, Keys.parsed([SECOND])).backups()
    with pytest.raises(BackupError, match="is not there"):
        Shelf(shelf.root / "unmounted", KEYS).backups()


def test_one_manifest_that_cannot_be_read_keeps_nobody_from_the_others(shelf: Shelf) -> None:
    older, broken, newer = (put(shelf, NOW + timedelta(hours=n), segment=3 + n) for n in range(3))
    told = shelf.folder(broken.id) / "manifest.json"
    told.write_text(told.read_text()[:-30])
    assert shelf.backups() == [older, newer]
    assert chosen(shelf, to=None, name="") == newer
    assert chosen(shelf, to=NOW + timedelta(minutes=90), name="") == older
    _, aside = shelf.looked()
    assert [(name, type(wrong)) for name, wrong in aside.items()] == [(broken.id, Damaged)]
    at = datetime.now(UTC) + timedelta(days=2)
    assert shelf.thin_out(cluster="74", keep=1, at=at) == [older.id]
    assert told.exists()  # it may yet be mended


def test_old_backups_go_with_their_log_and_the_last_good_one_never(shelf: Shelf) -> None:
    days = [put(shelf, NOW + timedelta(days=n), segment=3 + n, checked=n != 4) for n in range(5)]
    left = put(shelf, NOW + timedelta(days=5), whole=False)
    for segment in range(3, 9):
        shelf.put_log("74", f"0000000100000000{segment:08X}", [b"log"])
    at = datetime.now(UTC)
    assert shelf.thin_out(cluster="another", keep=1, at=at) == []
    assert shelf.thin_out(cluster="74", keep=2, at=at) == [days[0].id, days[1].id]
    assert [m.id for m in shelf.backups()] == [m.id for m in days[2:]]
    assert [int(name[-1]) for name in shelf.log_names("74")] == [5, 6, 7, 8]
    assert shelf.folder(left.id).exists()  # it may be in the making
    assert shelf.thin_out(cluster="74", keep=0, at=at + timedelta(days=2)) == [days[2].id, left.id]
    assert [m.id for m in shelf.backups()] == [
        days[3].id,
        days[4].id,
    ]  # the last one that was checked, and the newest
    shelf.drop(days[3].id)
    assert shelf.thin_out(cluster="74", keep=1, at=at) == []  # none was checked: nothing goes


def test_the_beginning_of_a_segment_gives_way_to_the_whole(shelf: Shelf) -> None:
    name = "000000010000000000000009"
    shelf.put_log("74", f"{name}.partial", [b"be"])
    assert shelf.log_names("74") == [f"{name}.partial"]
    shelf.put_log("74", name, [b"begun"])
    assert shelf.log_names("74") == [name]
    assert b"".join(shelf.open_log("74", name)) == b"begun"
    assert replace(put(shelf, NOW), files={}).log_files == []


def test_the_log_is_shipped_once_and_a_hole_in_it_asks_for_a_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shelf").mkdir()
    shelf = Shelf(tmp_path / "shelf", KEYS)
    receiver = Receiver(programs=Programs(folder=None, account=""), url="", folder=tmp_path / "log", slot="s")
    receiver.folder.mkdir()
    keeper = Keeper(
        shelf=shelf,
        url="",
        programs=receiver.programs,
        staging=tmp_path,
        hours=24,
        every=1,
        now=lambda: NOW,
        _cluster="74",
        _segment_bytes=MEGA,
    )

    def segment(number: int, more: str = "") -> str:
        name = f"00000001{number // 256:08X}{number % 256:08X}{more}"
        (receiver.folder / name).write_bytes(name.encode())
        return name

    def shipped(*, wanted: bool) -> list[str]:
        keeper._ship(receiver)
        assert keeper._wanted == wanted
        return shelf.log_names("74")

    first, begun = segment(255), segment(256, ".partial")
    assert shipped(wanted=False) == [first, begun]
    assert [path.name for path in receiver.folder.iterdir()] == [begun]
    (shelf.log("74") / f"{begun}.kap").unlink()
    assert shipped(wanted=False) == [first]  # nothing was written meanwhile, so it is not sent again
    (receiver.folder / begun).unlink()
    second = segment(256)  # the next one after …FF is …0100000000
    history = "00000002.history"
    (receiver.folder / history).write_text("1")
    assert shipped(wanted=False) == sorted([first, second, history])

    # The shelf is away: what was received waits, and goes when it is back.
    third = segment(257)
    shelf.root.rename(tmp_path / "unmounted")
    with pytest.raises(BackupError, match="is not there"):
        keeper._ship(receiver)
    assert not shelf.root.exists()
    (tmp_path / "unmounted").rename(shelf.root)
    assert third in shipped(wanted=False)
    segment(259)
    shipped(wanted=True)

    # A manifest that can't be read holds nothing up, and is told.
    damaged = shelf.root / "backups" / "20260501T020000Z" / "manifest.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{")
    assert keeper._newest() is None
    keeper._tell("")
    said = json.loads((shelf.root / "status.json").read_text())
    assert (said["ok"], said["newest_backup"]) == (False, None)
    assert "20260501T020000Z/manifest.json is not a manifest" in said["problem"]

    # The backup that this asks for is checked from where the archive ends, as the service was told.
    begun_with: list[list[str]] = []
    monkeypatch.setattr(keeping.subprocess, "Popen", lambda words, **_: begun_with.append(words))
    for keeper.after in ("", "7:abc"):
        keeper._wanted, keeper._backup = True, None
        keeper._take_when_due()
    assert [words[2:] for words in begun_with] == [
        ["backup", str(shelf.root)],
        ["backup", str(shelf.root), "--after", "7:abc"],
    ]


def test_a_cluster_is_restored_into_an_empty_folder_alone(tmp_path: Path) -> None:
    refuse_unless_empty(tmp_path / "new")
    (tmp_path / "new" / "PG_VERSION").write_text("18")
    with pytest.raises(BackupError, match="is not empty"):
        refuse_unless_empty(tmp_path / "new")
    assert (tmp_path / "new" / "PG_VERSION").read_text() == "18"
