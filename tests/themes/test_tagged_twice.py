"""Two that tag the same document at once, the worker and the request that stored it; or one, while it is edited."""

from typing import Any
from uuid import UUID

from integration_api.db import reading, unit_of_work
from integration_api.safety.jobs import timing
from integration_api.themes.jobs import tag_stored
from integration_api.themes.tagging import keep_findings, read_untagged
from integration_api.wiring import parts


def test_what_the_first_has_found_stays(clinic: Any, broken_tagger: Any) -> None:
    with broken_tagger():
        entry = clinic.write("I am afraid of dying.")
    with clinic.app.app_context():
        with reading() as db_session:
            late = read_untagged(db_session, UUID(entry["id"]))
        assert late is not None
        tag_stored(late.document_id)
        first = clinic.maya.read(f"/v1/journal-entries/{entry['id']}")
        analysis = parts().load_tagger().tag(late.text, late.kind)
        with unit_of_work() as db_session:
            keep_findings(db_session, late, analysis, timing())
    assert first["themes"]
    assert clinic.maya.read(f"/v1/journal-entries/{entry['id']}") == first


def test_what_was_found_in_words_that_have_changed_since_is_not_kept(clinic: Any, broken_tagger: Any) -> None:
    with broken_tagger():
        entry = clinic.write("I am afraid of dying.")
        path = f"/v1/journal-entries/{entry['id']}"
        with clinic.app.app_context(), reading() as db_session:
            late = read_untagged(db_session, UUID(entry["id"]))
        assert late is not None
        assert clinic.maya.patch(path, {"text": "Rain."}, if_match="*").status_code == 200
    with clinic.app.app_context(), unit_of_work() as db_session:
        keep_findings(db_session, late, parts().load_tagger().tag(late.text, late.kind), timing())
    edited = clinic.maya.read(path)
    assert (edited["themes"], edited["tagging"]["state"]) == ([], "pending")
