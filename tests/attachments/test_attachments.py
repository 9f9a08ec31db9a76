"""Attachments over HTTP: what is kept, for whom, and what goes with what."""

import io
import json
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attaching import JPEG, add, lying_in, rows, send
from files import MARKER, m4a, noise, picture, wav

from models import new_id
from models.sealed_file import sealed_size


def test_a_picture_comes_back_as_itself_and_as_nothing_else(clinic: Any, path: str, folder: Path) -> None:
    """Its content decides: it is called text, and sent with a name."""
    answer = send(clinic.maya, path, JPEG, "application/octet-stream")
    assert (answer.status_code, answer.json["kind"], answer.json["media_type"]) == (201, "picture", "image/jpeg")
    made = answer.json
    assert (made["width"], made["height"], made["version"], made["description"]) == (64, 48, 1, None)
    for who in ("maya", "therapist", "nurse"):
        caller = clinic.caller(who)
        assert caller.read(path)["items"] == [made]
        found = caller.get(f"{path}/{made['id']}/content")
        assert (found.status_code, found.mimetype) == (200, "image/jpeg")
        assert len(found.data) == made["byte_count"] == found.content_length
        assert found.data.startswith(b"\xff\xd8")
        assert MARKER not in found.data
        assert b"GPS" not in found.data
        assert found.headers["Content-Disposition"] == f'attachment; filename="{made["id"]}.jpg"'
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert found.headers["Cache-Control"] == "no-store"
        assert "sandbox" in found.headers["Content-Security-Policy"]
        again = caller.get(f"{path}/{made['id']}/content", if_none_match=found.headers["ETag"])
        assert (again.status_code, again.data) == (304, b"")
    head = clinic.maya.call("HEAD", f"{path}/{made['id']}/content")
    assert (head.status_code, head.data, head.content_length) == (200, b"", made["byte_count"])
    (there,) = lying_in(folder)
    assert there.stat().st_size == sealed_size(made["byte_count"])
    assert oct(there.stat().st_mode)[-3:] == "600"
    told = [each["operation"] for each in clinic.maya.read("/v1/audit-events")["items"]]
    assert told.count("readAttachmentContent") == 7


def test_nothing_of_it_stands_anywhere_in_clear(clinic: Any, path: str, folder: Path, stored: Any) -> None:
    sound = wav(0.5)
    made = add(clinic.maya, path, sound, kind="audio/wav")
    said = {"description": f"My voice, {MARKER.decode()}."}
    changed = clinic.maya.patch(f"{path}/{made['id']}", said, if_match=clinic.maya.etag(f"{path}/{made['id']}"))
    assert (changed.status_code, changed.json["description"]) == (200, said["description"])
    plain = clinic.maya.get(f"{path}/{made['id']}/content").data
    assert plain in sound or sound[44:200] in plain
    everything = stored() + b"".join(each.read_bytes() for each in lying_in(folder))
    for part in (MARKER, MARKER.hex().encode(), plain[44:60], plain[-32:], plain[44:60].hex().encode()):
        assert part not in everything


def test_a_voice_note_has_a_transcript_which_is_the_entrys_text(clinic: Any) -> None:
    spoken = clinic.write("I am afraid of dying.", origin="dictated")
    assert spoken["origin"] == "dictated"
    assert [each["theme"] for each in spoken["themes"]] == ["mortality"]  # tagged as any other
    assert clinic.therapist.read(f"/v1/journal-entries/{spoken['id']}")["origin"] == "dictated"
    assert clinic.write("Typed.")["origin"] == "typed"
    path = f"/v1/journal-entries/{spoken['id']}/attachments"
    made = add(clinic.maya, path, m4a(), kind="audio/mp4", transcript_language="en-IE", is_transcript_corrected="false")
    assert (made["kind"], made["media_type"], made["width"]) == ("voice_note", "audio/mp4", None)
    assert (made["transcript_language"], made["is_transcript_corrected"]) == ("en-IE", False)
    said = clinic.maya.patch(f"{path}/{made['id']}", {"is_transcript_corrected": True}, if_match="*")
    assert (said.json["is_transcript_corrected"], said.json["transcript_language"]) == (True, "en-IE")
    answer = send(clinic.maya, path, JPEG, transcript_language="en")
    assert (answer.status_code, answer.json["errors"][0]["detail"]) == (422, "Only a voice note has a transcript.")
    assert send(clinic.maya, path, m4a(), "audio/mp4", transcript_language="no language").status_code == 422
    changed = clinic.maya.patch(f"/v1/journal-entries/{spoken['id']}", {"origin": "typed"}, if_match="*")
    assert changed.json["origin"] == "typed"


@pytest.mark.parametrize(
    ("name", "sent_as"), [("chromium.webm", "audio/webm;codecs=opus"), ("firefox.ogg", "audio/ogg; codecs=opus")]
)
def test_a_voice_note_from_a_browser_comes_back_as_what_it_is(clinic: Any, path: str, name: str, sent_as: str) -> None:
    raw = (Path(__file__).with_name("recorded") / name).read_bytes()
    made = add(clinic.maya, path, raw, kind=sent_as)
    assert (made["kind"], made["media_type"]) == ("voice_note", sent_as.partition(";")[0])
    given = clinic.maya.get(f"{path}/{made['id']}/content")
    assert (given.mimetype, len(given.data)) == (made["media_type"], made["byte_count"])
    assert 0.9 * len(raw) < len(given.data) < 1.1 * len(raw)
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as archive:
        assert f"files/{made['id']}.{name.partition('.')[2]}" in archive.namelist()


class TestOnce:
    def test_the_same_file_under_the_same_id_is_answered_as_before(self, clinic: Any, path: str, folder: Path) -> None:
        sent_id = str(new_id())
        first = send(clinic.maya, path, JPEG, id=sent_id)
        assert (first.status_code, first.json["id"]) == (201, sent_id)
        again = send(clinic.maya, path, JPEG, id=sent_id)
        assert (again.status_code, again.json) == (201, first.json)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert send(clinic.maya, path, picture("PNG"), id=sent_id).status_code == 409
        other = clinic.write("Another.")["id"]
        assert send(clinic.maya, f"/v1/journal-entries/{other}/attachments", JPEG, id=sent_id).status_code == 409
        assert send(clinic.maya, path, JPEG, id="7").status_code == 422
        assert len(lying_in(folder)) == 1
        keyed = [
            clinic.maya.call("POST", path, data=JPEG, content_type="image/jpeg", idempotency_key="k").json["id"]
            for _ in range(2)
        ]
        assert keyed[0] == keyed[1]
        assert len(lying_in(folder)) == len(clinic.maya.read(path)["items"]) == 2

    def test_two_at_once_are_one(self, clinic: Any, path: str, folder: Path) -> None:
        sent_id, answers, maya = str(new_id()), [], clinic.maya
        together = threading.Barrier(3)

        def one() -> None:
            together.wait()
            answers.append(send(maya, path, JPEG, id=sent_id))

        threads = [threading.Thread(target=one) for _ in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert [each.status_code for each in answers] == [201] * 3
        assert {json.dumps(each.json) for each in answers} == {json.dumps(answers[0].json)}
        assert len(lying_in(folder)) == len(rows(clinic)) == 1
        assert clinic.maya.get(f"{path}/{sent_id}/content").status_code == 200


def test_what_is_not_taken_leaves_nothing_behind(clinic: Any, path: str, folder: Path, limits: Any) -> None:
    limits(largest=20_000, most_pixels=90_000, per_entry=2)
    for file, kind, status in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", 422),
        (b"<script>zinnober-quartz</script>", "image/jpeg", 422),
        (b"", "image/jpeg", 422),
        (JPEG[:-200], "image/jpeg", 422),
        (picture("PNG", (400, 400)), "image/png", 422),
        (noise(200, 101), "image/png", 413),
        (JPEG, "image/svg+xml", 415),
        (JPEG, "multipart/form-data; boundary=x", 415),
    ):
        answer = send(clinic.maya, path, file, kind)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), (file[:20], answer.text)
        assert "zinnober" not in answer.text
    assert clinic.maya.post("/v1/journal-entries", {"text": "x" * 30_000}).status_code == 201  # its own limit
    assert lying_in(folder) == rows(clinic) == []
    add(clinic.maya, path), add(clinic.maya, path)
    assert send(clinic.maya, path, JPEG).status_code == 409
    limits(bytes_per_patient=1)
    other = clinic.write("Another.")["id"]
    assert send(clinic.maya, f"/v1/journal-entries/{other}/attachments", JPEG).status_code == 409
    assert len(lying_in(folder)) == len(rows(clinic)) == 2
    for wrong in (f"/v1/journal-entries/{new_id()}/attachments", f"{path}/{new_id()}/content"):
        assert clinic.maya.get(wrong).status_code == 404


def test_who_reads_the_entry_reads_its_files_and_its_writer_alone_changes_them(clinic: Any, path: str) -> None:
    made = add(clinic.maya, path)
    one, content = f"{path}/{made['id']}", f"{path}/{made['id']}/content"
    for who in ("therapist", "physician"):
        caller = clinic.caller(who)
        assert send(caller, path, JPEG).status_code == 403
        assert caller.patch(one, {"description": "Mine."}, if_match="*").status_code == 403
        assert caller.delete(one, if_match="*").status_code == 403
    for who in ("tom", "june", "colleague", "elsewhere.therapist"):
        caller = clinic.caller(who)
        assert [caller.get(each).status_code for each in (path, one, content)] == [404] * 3, who
    assert send(clinic.tom, path, JPEG).status_code == 404
    assert clinic.admin.get(content).status_code == 403
    narrow = clinic.caller("maya", "patient/JournalEntry.cruds")
    assert narrow.get(content).status_code == 403
    entry = path.removesuffix("/attachments")
    private = clinic.maya.patch(entry, {"visibility": "private"}, if_match="*")
    assert private.status_code == 200
    assert [clinic.therapist.get(each).status_code for each in (path, one, content)] == [404] * 3
    assert clinic.maya.get(content).status_code == 200
    clinic.maya.patch(entry, {"visibility": "care_team"}, if_match="*")
    assert clinic.therapist.get(content).status_code == 200
    clinic.maya.create("/v1/me/consents", {"purpose": "care_team", "is_granted": False, "wording": "No."})
    assert clinic.therapist.get(content).status_code == 404
    ehr = clinic.add_ehr()
    assert ehr.get(content).status_code == 404
    clinic.maya.create("/v1/me/consents", {"purpose": "care_team", "is_granted": True, "wording": "Yes."})
    clinic.maya.create("/v1/me/consents", {"purpose": "ehr", "is_granted": True, "wording": "Yes."})
    assert ehr.get(content).status_code == 200
    other = clinic.write("Another.")["id"]
    assert clinic.maya.get(f"/v1/journal-entries/{other}/attachments/{made['id']}").status_code == 404


def test_files_go_with_what_they_belong_to(clinic: Any, path: str, folder: Path) -> None:
    first, second = add(clinic.maya, path), add(clinic.maya, path, m4a(), kind="audio/mp4")
    one = f"{path}/{first['id']}"
    assert clinic.maya.delete(one).status_code == 428
    assert clinic.maya.delete(one, if_match='"0"').status_code == 412
    assert clinic.maya.delete(one, if_match=clinic.maya.etag(one)).status_code == 204
    assert clinic.maya.get(one).status_code == 404
    assert [each["id"] for each in clinic.maya.read(path)["items"]] == [second["id"]]
    assert len(lying_in(folder)) == 1
    private = clinic.write("Mine alone.", visibility="private")["id"]
    add(clinic.maya, f"/v1/journal-entries/{private}/attachments")
    assert clinic.maya.delete(path.removesuffix("/attachments"), if_match="*").status_code == 204
    assert clinic.maya.get(path).status_code == 404
    assert clinic.maya.get(f"{path}/{second['id']}/content").status_code == 404
    assert len(lying_in(folder)) == len(rows(clinic)) == 1


def test_taking_along_and_being_forgotten(clinic: Any, path: str, folder: Path) -> None:
    made, sound = add(clinic.maya, path), add(clinic.maya, path, wav(), kind="audio/wav")
    clinic.maya.patch(f"{path}/{made['id']}", {"description": "A <blue> door"}, if_match="*")
    plain = {each["id"]: clinic.maya.get(f"{path}/{each['id']}/content").data for each in (made, sound)}
    toms = clinic.tom.create("/v1/journal-entries", {"text": "Tom's."})["id"]
    add(clinic.tom, f"/v1/journal-entries/{toms}/attachments")
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as taken:
        assert taken.testzip() is None
        names = {f"files/{made['id']}.jpg": plain[made["id"]], f"files/{sound['id']}.wav": plain[sound["id"]]}
        assert set(taken.namelist()) == {"record.json", "record.html", *names}
        assert {name: taken.read(name) for name in names} == names
        record, page = json.loads(taken.read("record.json")), taken.read("record.html").decode()
        assert [each["id"] for each in record["attachments"]] == [made["id"], sound["id"]]
        assert f'<img src="files/{made["id"]}.jpg" alt="A &lt;blue&gt; door"' in page
        assert f'<audio controls src="files/{sound["id"]}.wav">' in page
    (one,) = [each for each in rows(clinic) if str(each.id) == made["id"]]
    (folder / one.storage_name[:2] / one.storage_name).unlink()  # a file that is lost does not take the rest with it
    with zipfile.ZipFile(io.BytesIO(clinic.maya.get("/v1/me/export").data)) as taken:
        assert taken.read(f"files/{sound['id']}.wav") == plain[sound["id"]]
    assert clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})["done_at"] is not None
    assert len(lying_in(folder)) == len(rows(clinic)) == 1
    assert clinic.tom.read(f"/v1/journal-entries/{toms}/attachments")["items"] != []


def test_a_held_record_keeps_shared_files_only(clinic: Any, path: str, folder: Path) -> None:
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    clinic.admin.patch(f"/v1/patients/{clinic.ids['maya']}", {"retain_until": until}, if_match="*")
    private = clinic.write("Mine alone.", visibility="private")["id"]
    add(clinic.maya, f"/v1/journal-entries/{private}/attachments"), add(clinic.maya, path)
    clinic.maya.create("/v1/me/erasure", {"confirm": "erase everything"})
    assert len(lying_in(folder)) == len(rows(clinic)) == 1
