"""The clinic's usual rates: over what is shared, over five people at least, and felt where little is known."""

from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from integration_api import cli
from integration_api.db import reading
from integration_api.themes.clinic_counts import clinic_rates
from models import Patient

GRIEF = "I miss my father, still."
PLAIN = "Walked to work, wrote two letters, cooked rice, washed up and went to bed at ten."


@pytest.fixture
def people(clinic: Any) -> list[Any]:
    """Five more patients in the first organization."""
    made = []
    for number in range(5):
        clinic.admin.create("/v1/patients", {"name": f"P{number}", "username": f"p{number}"})
        made.append(clinic.caller(f"p{number}"))
    return made


def write(caller: Any, text: str, visibility: str = "care_team") -> None:
    caller.create("/v1/journal-entries", {"text": text, "visibility": visibility})


def count(clinic: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, int]]:
    monkeypatch.setattr(cli, "_app", lambda: clinic.app)
    assert CliRunner().invoke(cli.main, ["count-clinic"]).exit_code == 0
    with clinic.app.app_context(), reading() as db_session:
        maya = db_session.get_one(Patient, UUID(clinic.ids["maya"]))
        rates = clinic_rates(db_session, maya.organization_id)
    return {theme: (each.mentions, each.words) for theme, each in rates.items()}


def test_what_five_people_share_is_counted_and_nothing_else(
    clinic: Any, people: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in people[:4]:
        write(each, GRIEF)
    write(people[4], GRIEF, "private")
    assert "grief" not in count(clinic, monkeypatch)
    write(people[4], GRIEF)
    mentions, words = count(clinic, monkeypatch)["grief"]
    assert (mentions, words) == (5, 25)
    clinic.note("He misses his father, grief.", "psychotherapy")
    write(clinic.caller("june"), GRIEF)
    assert count(clinic, monkeypatch)["grief"] == (5, 25)
    write(people[1], "Echo de menos a mi padre y lloro por él todas las noches, cuando la casa se queda en silencio.")
    assert count(clinic, monkeypatch)["grief"] == (5, 25)  # nothing is looked for in other languages
    people[0].create("/v1/me/consents", {"purpose": "care_team", "is_granted": False, "wording": "As shown."})
    assert "grief" not in count(clinic, monkeypatch)


def test_a_patient_of_whom_little_is_known_leans_towards_the_clinic(
    clinic: Any, people: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(clinic.maya, f"{GRIEF} {PLAIN}")
    path = f"/v1/patients/{clinic.ids['maya']}/themes/grief"
    before = clinic.therapist.read(path)["sessions"][0]
    for each in people:
        for _ in range(6):
            write(each, PLAIN)
        write(each, GRIEF)
    count(clinic, monkeypatch)
    after = clinic.therapist.read(path)["sessions"][0]
    assert after["rate_per_100_words"] == before["rate_per_100_words"]
    assert after["rate_high"] < before["rate_high"]


def test_nobody_of_another_clinic_is_in_it(clinic: Any, people: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for each in people:
        write(each, GRIEF)
    count(clinic, monkeypatch)
    with clinic.app.app_context(), reading() as db_session:
        elsewhere = db_session.scalars(select(Patient).where(Patient.name == "June")).one().organization_id
        assert clinic_rates(db_session, elsewhere) == {}
