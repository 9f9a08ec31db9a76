"""Two that tag the same document at once: the worker, and the request that stored it."""

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
