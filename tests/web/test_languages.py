"""Which language an answer is in: what was asked for, English where it was nothing of ours; types never change."""

import io
import zipfile
from typing import Any

import pytest

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("es", "es"),
        ("es-419", "es"),
        ("fr, es;q=0.4", "es"),
        ("en;q=0.3, es;q=0.8", "es"),
        ("es;q=0.3, en;q=0.8", "en"),
        ("es;q=0, *", "en"),
        ("fr", "en"),
        ("", "en"),
        (";;;q=,,=ñ\u00ff es;q=abc", "en"),
        ("es;q=" + "9" * 500, None),
        ("x" * 4000, "en"),
    ],
)
def test_the_best_of_ours_is_spoken_and_nothing_is_an_error(app: Any, asked: str, language: str | None) -> None:
    answer = app.test_client().get("/v1/me", headers={"Accept-Language": asked})
    spoken = answer.headers["Content-Language"]
    assert (answer.status_code, spoken in ("en", "es")) == (401, True)
    assert language is None or spoken == language
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.json["type"] == "urn:integration-api:problem:unauthenticated"
    assert answer.json["title"] == {"en": "Please sign in", "es": "Por favor, inicie sesión"}[spoken]


@pytest.mark.one_database
def test_every_fault_is_said_in_spanish_with_its_values(clinic: Any) -> None:
    body = {"text": " ", "mood": {"valence": 9}, "visibility": "all", "written_at": "x", "colour": 1}
    english = clinic.maya.post("/v1/journal-entries", body).json
    spanish = clinic.maya.post("/v1/journal-entries", body, headers=SPANISH).json
    said = {each["pointer"]: each["detail"] for each in spanish["errors"]}
    assert said["/text"] == "Todavía no tiene palabras."
    assert said["/mood/valence"] == "Elija un número de -5 a 5."
    assert said["/visibility"] == "Elija una de estas opciones: private, care_team."
    assert said["/colour"] == "Este dato no se conoce aquí."
    assert [each["pointer"] for each in english["errors"]] == [each["pointer"] for each in spanish["errors"]]
    for one, other in zip(english["errors"], spanish["errors"], strict=True):
        assert one["detail"] != other["detail"]
    assert (english["type"], english["status"]) == (spanish["type"], spanish["status"])
    assert (
        "U+0000"
        in clinic.maya.post("/v1/journal-entries", {"text": "a\x00"}, headers=SPANISH).json["errors"][0]["detail"]
    )


@pytest.mark.one_database
def test_what_says_nothing_to_a_person_names_no_language(clinic: Any) -> None:
    answer = clinic.maya.get("/v1/journal-entries", headers=SPANISH)
    assert "Content-Language" not in answer.headers


def test_support_is_in_the_writers_language_and_every_reading_of_it_may_be_changed(clinic: Any) -> None:
    made = clinic.maya.post("/v1/journal-entries", {"text": "I want to die."}, headers=SPANISH)
    assert made.headers["Content-Language"] == "es"
    assert "no es un servicio de emergencia" in made.json["safety"]["message"]
    path = f"/v1/journal-entries/{made.json['id']}"
    english = clinic.maya.get(path)
    assert "no crisis service" in english.json["safety"]["message"]
    assert english.headers["ETag"] != made.headers["ETag"]
    changed = clinic.maya.patch(path, {"visibility": "care_team"}, if_match=made.headers["ETag"])
    assert changed.status_code == 200
    assert clinic.maya.patch(path, {"visibility": "private"}, if_match=made.headers["ETag"]).status_code == 412


def test_the_trail_and_the_archive(clinic: Any) -> None:
    clinic.write("I miss my father.")
    with zip_of(clinic.maya.get("/v1/me/export", headers=SPANISH)) as file:
        page = file.read("record.html").decode()
    assert '<html lang="es">' in page
    assert "Quién vio o cambió mi expediente" in page
    assert "Entrada" not in page
    trail = clinic.maya.get("/v1/audit-events", headers=SPANISH)
    assert {each["action"] for each in trail.json["items"]} <= {"create", "read", "update", "delete", "search"}


def zip_of(answer: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(answer.data))
