"""The same through a store that speaks S3 (moto's), from the settings on."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from files import MARKER, noise
from moto.server import ThreadedMotoServer

from integration_api.attachments.jobs import sweep
from integration_api.config import FileSettings
from integration_api.environment import UnsafeSettings
from integration_api.file_store import FileMissing, LocalFiles, ObjectFiles, StoreFailed
from integration_api.wiring import file_store_of

SECRETS = {
    "INTEGRATION_API_FILES_KEY_ID": "key",
    "INTEGRATION_API_FILES_SECRET": "not-a-real-secret",
    "INTEGRATION_API_FILES_REGION": "eu-north-1",
}


def free_port() -> int:
    for port in range(21_400, 21_500):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server with one bucket."""
    port = free_port()
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3", endpoint_url=address, region_name="eu-north-1", aws_access_key_id="key", aws_secret_access_key="x"
    )
    client.create_bucket(Bucket="journal", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    yield address
    server.stop()


@pytest.fixture
def store(endpoint: str) -> Any:
    env = {"INTEGRATION_API_FILES": "s3://journal/clinic/files", "INTEGRATION_API_FILES_ENDPOINT": endpoint, **SECRETS}
    found = file_store_of(FileSettings.from_env(env), "postgresql://nowhere")
    assert isinstance(found, ObjectFiles)
    for each in list(found.files()):
        found.delete(each.name)
    return found


def test_a_picture_there_and_back(clinic: Any, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clinic.app.extensions, "parts", replace(clinic.app.extensions["parts"], file_store=store))
    raw = noise(2_500, 2_200)  # more than one part of five megabytes
    path = f"/v1/journal-entries/{clinic.write('The door.')['id']}/attachments"
    made = clinic.maya.call("POST", path, data=raw, content_type="image/png")
    assert made.status_code == 201, made.text
    content = f"{path}/{made.json['id']}/content"
    found = clinic.therapist.get(content)
    assert (found.status_code, len(found.data)) == (200, made.json["byte_count"])
    (there,) = store.files()
    sealed = b"".join(store.open(there.name, len(found.data) + 1 + 16 * -(-len(found.data) // 65_536)))
    assert found.data[5_000:5_030] not in sealed
    assert b"PNG" not in sealed[:20]
    store.put("ab" * 16, [b"left by a request that died"])
    with clinic.app.app_context():
        assert sweep(datetime.now(UTC) - timedelta(hours=24)).deleted == 0
        assert sweep(datetime.now(UTC) + timedelta(hours=1)).deleted == 1
    store.put(there.name, [sealed[:-1]])
    assert clinic.maya.get(content).status_code == 500
    assert clinic.maya.delete(content.removesuffix("/content"), if_match="*").status_code == 204
    assert list(store.files()) == []
    assert MARKER not in sealed


def test_it_says_clearly_what_is_not_there(store: Any) -> None:
    store.put("ab" * 16, [b"wh", b"ole"])
    assert b"".join(store.open("ab" * 16, 5)) == b"whole"
    for name, size in (("ab" * 16, 4), ("cd" * 16, 5)):
        with pytest.raises(FileMissing):
            store.open(name, size)
    store.delete("cd" * 16)
    endpoint = store_endpoint(store)
    nowhere = file_store_of(
        FileSettings(place="s3://no-such-bucket", endpoint=endpoint, region="eu-north-1", key_id="k", secret="s"), ""
    )
    with pytest.raises(StoreFailed):
        nowhere.put("ab" * 16, [b"x"])
    with pytest.raises(StoreFailed):
        list(nowhere.files())


def store_endpoint(store: ObjectFiles) -> str:
    return str(store._store.config["endpoint"])  # type: ignore[union-attr]


def test_where_files_lie_is_a_setting(tmp_path: Any) -> None:
    def place(url: str, **env: str) -> str:
        found = file_store_of(FileSettings.from_env(env), url)
        assert isinstance(found, LocalFiles)
        return str(found._folder)

    assert place("sqlite:////srv/journal/db.sqlite3") == "/srv/journal/attachments"
    assert place("postgresql+psycopg://x/y") == place("sqlite://") == "instance/attachments"
    assert place("sqlite://", INTEGRATION_API_FILES=str(tmp_path)) == str(tmp_path)
    for wrong in ({"INTEGRATION_API_FILES": "https://x"}, {"INTEGRATION_API_ATTACHMENT_BYTES": "many"}):
        with pytest.raises(UnsafeSettings):
            FileSettings.from_env(wrong)
    assert "not-a-real-secret" not in repr(FileSettings.from_env(SECRETS))
