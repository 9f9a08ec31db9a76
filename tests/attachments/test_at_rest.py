"""Files where they lie, attacked and lost; and what is done when half of a change was done."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from attaching import JPEG, add, lying_in, rows, send
from click.testing import CliRunner
from files import noise
from sqlalchemy import select

from integration_api import cli
from integration_api.attachments.jobs import TooMany, sweep
from integration_api.db import unit_of_work
from integration_api.file_store import FileMissing, LocalFiles, StoreFailed
from integration_api.privacy.keys import rotate
from models import DataKey
from models.sealed_file import sealed_size


def test_a_file_that_was_exchanged_cut_or_lost_is_not_given(clinic: Any, path: str, folder: Path) -> None:
    first, second = add(clinic.maya, path), add(clinic.maya, path)
    lie = {str(each.id): folder / each.storage_name[:2] / each.storage_name for each in rows(clinic)}
    sealed = lie[first["id"]].read_bytes()
    assert sealed_size(first["byte_count"]) == len(sealed)
    clinic.app.config["PROPAGATE_CRASHES"] = False
    plain = clinic.maya.get(f"{path}/{first['id']}/content").data
    for wrong in (
        lie[second["id"]].read_bytes(),  # another file of the same patient, just as long
        sealed[:-1],
        sealed[:100],
        sealed + b"x",
        b"",
        sealed[:40] + bytes([sealed[40] ^ 1]) + sealed[41:],
        plain,
    ):
        lie[first["id"]].write_bytes(wrong)
        answer = clinic.maya.get(f"{path}/{first['id']}/content")
        assert (answer.status_code, answer.json["type"]) == (500, "urn:integration-api:problem:unreadable")
        assert plain[:20] not in answer.data
    lie[first["id"]].unlink()
    assert clinic.maya.get(f"{path}/{first['id']}/content").status_code == 500
    clinic.app.config["PROPAGATE_CRASHES"] = True
    assert clinic.maya.get(f"{path}/{second['id']}/content").status_code == 200
    lie[first["id"]].write_bytes(sealed)
    assert clinic.maya.get(f"{path}/{first['id']}/content").data == plain


def test_a_long_file_that_was_changed_behind_its_first_chunk_breaks_off(
    clinic: Any, path: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = add(clinic.maya, path, noise(500, 400), kind="image/png")
    (there,) = lying_in(folder)
    sealed = there.read_bytes()
    there.write_bytes(sealed[:-9] + bytes([sealed[-9] ^ 1]) + sealed[-8:])
    content = clinic.maya.app.test_client()
    answer = content.get(f"{path}/{made['id']}/content", headers={"Authorization": f"Bearer {clinic.maya.token}"})
    given = bytearray()
    with suppress(Exception):
        for part in answer.response:
            given += part
    assert 0 < len(given) < made["byte_count"] == answer.content_length
    assert "cannot be read to its end" in caplog.text


def test_new_data_keys_carry_files_along_and_a_destroyed_key_takes_them(clinic: Any, path: str, folder: Path) -> None:
    made = add(clinic.maya, path)
    content, one = f"{path}/{made['id']}/content", f"{path}/{made['id']}"
    before, etag = clinic.maya.get(content), clinic.maya.etag(one)
    old = rows(clinic)[0].data_key_id
    for hours in (0, 2):
        with clinic.app.app_context():
            rotate(datetime.now(UTC) + timedelta(hours=hours), data_keys=True)
    with clinic.app.app_context(), unit_of_work() as db_session:
        assert db_session.get_one(DataKey, old).sealed is None  # the old key is gone, and nothing needs it
    after = clinic.maya.get(content)
    assert (after.data, after.headers["ETag"]) == (before.data, before.headers["ETag"])
    assert clinic.maya.etag(one) == etag
    with clinic.app.app_context(), unit_of_work() as db_session:
        for key in db_session.scalars(select(DataKey).where(DataKey.owner_id == UUID(clinic.ids["maya"]))):
            key.destroy()
    assert clinic.maya.get(content).status_code == 500
    assert len(lying_in(folder)) == 1


class Failing(LocalFiles):
    """A folder that can be made to fail."""

    does_put = does_delete = True

    def put(self, name: str, parts: Any) -> None:
        if not self.does_put:
            raise StoreFailed("OSError")
        super().put(name, parts)

    def delete(self, name: str) -> None:
        if not self.does_delete:
            raise StoreFailed("OSError")
        super().delete(name)


@pytest.fixture
def store(clinic: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Failing:
    found = Failing(folder)
    monkeypatch.setitem(clinic.app.extensions, "parts", replace(clinic.app.extensions["parts"], file_store=found))
    return found


def test_files_that_belong_to_nothing_are_swept_and_no_others(
    clinic: Any, path: str, folder: Path, store: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = add(clinic.maya, path), add(clinic.maya, path)
    store.does_put = False
    answer = send(clinic.maya, path, JPEG)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert len(rows(clinic)) == len(lying_in(folder)) == 2
    store.does_put, store.does_delete = True, False
    assert clinic.maya.delete(f"{path}/{gone['id']}", if_match="*").status_code == 204  # the file is left for later
    store.does_delete = True
    store.put("ab" * 16, [b"a request died before its row was stored"])
    (folder / "cd").mkdir(exist_ok=True)
    (folder / "cd" / ("cd" * 16 + ".part")).write_bytes(b"and one while it wrote")
    assert len(lying_in(folder)) == 4
    at = datetime.now(UTC)
    with clinic.app.app_context():
        young = sweep(at - timedelta(hours=24))
        assert (young.files, young.deleted, young.missing) == (4, 0, 0)
        done = sweep(at + timedelta(hours=1))
        assert (done.files, done.deleted, done.missing) == (4, 3, 0)
    assert clinic.maya.get(f"{path}/{kept['id']}/content").status_code == 200
    lying_in(folder)[0].unlink()
    monkeypatch.setattr(cli, "_app", lambda: clinic.app)
    done = CliRunner().invoke(cli.main, ["sweep-attachments"])
    assert (done.exit_code, done.stdout) == (1, "0 files, 0 deleted, 1 missing\n")  # after a restore, say


def test_a_sweep_with_the_wrong_database_is_refused(clinic: Any, folder: Path, store: Failing) -> None:
    at = datetime.now(UTC)
    with clinic.app.app_context():
        for number in range(101):
            store.put(f"{number:032x}", [b"x"])
        with pytest.raises(TooMany, match="101 of 101"):
            sweep(at + timedelta(hours=1))
        assert sweep(at + timedelta(hours=1), even_many=True).deleted == 101
    assert lying_in(folder) == []


def test_a_local_folder_keeps_whole_files_or_none(tmp_path: Path) -> None:
    store = LocalFiles(tmp_path / "made" / "when_needed")
    assert list(store.files()) == []

    def broken() -> Any:
        yield b"half of it"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.put("ab01", broken())
    assert list(store.files()) == []
    with pytest.raises(FileMissing):
        store.open("ab01", 4)
    store.put("ab01", [b"wh", b"ole"])
    assert b"".join(store.open("ab01", 5)) == b"whole"
    with pytest.raises(FileMissing):
        store.open("ab01", 4)
    store.delete("ab01"), store.delete("ab01")
    (tmp_path / "in_the_way").write_text("")
    with pytest.raises(StoreFailed):
        LocalFiles(tmp_path / "in_the_way").put("ab02", [b"x"])
