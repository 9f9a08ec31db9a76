"""A clinic's own themes: added over HTTP, tagged from then on, and nobody else's business."""

from collections.abc import Callable
from typing import Any

import pytest
from waiting import Row, meanwhile

from integration_api.themes.jobs import tag_pending

MOUNTAIN = {
    "theme": "our_mountain",
    "label": "The mountain",
    "facet": "meaning",
    "definition": "The climb that our patients speak of.",
    "phrases": ["my mountain"],
    "examples": ["I keep climbing and never see the summit."],
}


def themes_of(entry: dict[str, Any]) -> set[str]:
    return {mention["theme"] for mention in entry["themes"]}


def test_an_entry_is_tagged_with_a_theme_from_the_moment_it_is_added(clinic: Any) -> None:
    assert "our_mountain" not in themes_of(clinic.write("I thought of my mountain."))
    made = clinic.admin.create("/v1/themes", MOUNTAIN)
    assert made["is_own"] is True
    entry = clinic.write("I thought of my mountain. Then soup.")
    (mention,) = [each for each in entry["themes"] if each["theme"] == "our_mountain"]
    assert (mention["quote"], mention["facet"], mention["assertion"]) == ("my mountain", "meaning", "affirmed")
    assert themes_of(clinic.write("I climb and climb and never see the summit.")) >= {"our_mountain"}
    assert "our_mountain" not in themes_of(clinic.write("The bus was late, so I bought a bagel."))


def test_what_was_tagged_before_is_taken_up_when_asked(clinic: Any) -> None:
    entry = clinic.write("I thought of my mountain.")
    clinic.admin.create("/v1/themes", MOUNTAIN)
    with clinic.app.app_context():
        assert tag_pending(also_older=True) == (0, 0)
        assert tag_pending(everything=True)[1] == 0
    assert "our_mountain" in themes_of(clinic.therapist.read(f"/v1/journal-entries/{entry['id']}"))


def test_it_recurs_like_any_other(clinic: Any) -> None:
    clinic.admin.create("/v1/themes", MOUNTAIN)
    clinic.write("I thought of my mountain.")
    path = f"/v1/patients/{clinic.ids['maya']}/themes"
    found = {each["theme"]: each["label"] for each in clinic.therapist.read(path)["items"]}
    assert found["our_mountain"] == "The mountain"
    assert len(clinic.therapist.read(f"{path}/our_mountain")["mentions"]) == 1


def test_it_can_be_reviewed(clinic: Any) -> None:
    clinic.admin.create("/v1/themes", MOUNTAIN)
    (mention,) = [m for m in clinic.write("I thought of my mountain.")["themes"] if m["theme"] == "our_mountain"]
    answer = clinic.therapist.post(f"/v1/mentions/{mention['id']}/review", {"verdict": "confirmed"})
    assert answer.status_code == 200
    assert answer.json["facet"] == "meaning"


def test_a_mention_can_be_corrected_to_it_in_its_own_clinic(clinic: Any) -> None:
    mention = clinic.write("I miss him still.")["themes"][0]
    corrected = {"verdict": "corrected", "theme": "our_mountain"}
    path = f"/v1/mentions/{mention['id']}/review"
    refused = clinic.therapist.post(path, corrected)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/theme")
    clinic.admin.create("/v1/themes", MOUNTAIN)
    answer = clinic.therapist.post(path, corrected)
    assert answer.status_code == 200, answer.text
    assert (answer.json["theme"], answer.json["facet"], answer.json["source"]) == (
        "our_mountain",
        "meaning",
        "clinician",
    )
    listed = clinic.therapist.read(f"/v1/patients/{clinic.ids['maya']}/themes")["items"]
    assert "our_mountain" in {each["theme"] for each in listed}


def test_what_it_was_taken_for_outlasts_it_and_does_not_turn_back(clinic: Any) -> None:
    clinic.admin.create("/v1/themes", MOUNTAIN)
    (mention,) = [m for m in clinic.write("I thought of my mountain.")["themes"] if m["theme"] == "our_mountain"]
    path = f"/v1/mentions/{mention['id']}"
    clinic.therapist.post(f"{path}/review", {"verdict": "corrected", "theme": "grief"})
    clinic.admin.delete("/v1/themes/our_mountain", if_match="*")
    answer = clinic.therapist.post(f"{path}/review", {"verdict": "withdrawn"})
    assert answer.status_code == 409
    found = clinic.therapist.read(path)
    assert (found["theme"], [each["verdict"] for each in found["reviews"]]) == ("grief", ["corrected"])
    assert clinic.therapist.post(f"{path}/review", {"verdict": "rejected"}).status_code == 200


def test_another_clinic_neither_sees_nor_uses_it(clinic: Any) -> None:
    clinic.admin.create("/v1/themes", MOUNTAIN)
    assert clinic.caller("elsewhere.therapist").get("/v1/themes/our_mountain").status_code == 404
    listed = clinic.caller("elsewhere.therapist").read("/v1/themes?limit=100")["items"]
    assert "our_mountain" not in {each["theme"] for each in listed}
    assert "our_mountain" in {each["theme"] for each in clinic.admin.read("/v1/themes?limit=100")["items"]}


def test_changing_it_changes_what_is_found(clinic: Any) -> None:
    clinic.admin.create("/v1/themes", MOUNTAIN)
    path = "/v1/themes/our_mountain"
    answer = clinic.admin.patch(path, {"phrases": ["the big hill"]}, if_match=clinic.admin.etag(path))
    assert answer.status_code == 200, answer.json
    assert "our_mountain" in themes_of(clinic.write("Up the big hill again."))
    assert "our_mountain" not in themes_of(clinic.write("I thought of my mountain."))


def move(clinic: Any, facet: str) -> None:
    path = "/v1/themes/our_mountain"
    assert clinic.admin.patch(path, {"facet": facet}, if_match=clinic.admin.etag(path)).status_code == 200


def where_it_is_told(clinic: Any) -> tuple[list[str], list[list[str]], set[str]]:
    """Whether it is a safety line of the brief; the quotes of its open flags; in which facets it is listed."""
    patient = f"/v1/patients/{clinic.ids['maya']}"
    lines = clinic.therapist.read(f"{patient}/brief?since=2026-03-01T00:00:00Z")["lines"]
    flags = clinic.therapist.read("/v1/safety-flags?routed=any&status=open&theme=our_mountain")["items"]
    facets = {
        facet
        for facet in ("meaning", "safety")
        for each in clinic.therapist.read(f"{patient}/themes?facet={facet}")["items"]
        if each["theme"] == "our_mountain"
    }
    told = [each["kind"] for each in lines if each["theme"] == "our_mountain"]
    return told, [[one["quote"] for one in each["evidence"]] for each in flags], facets


def test_what_was_found_of_it_goes_to_its_new_facet_with_it(clinic: Any) -> None:
    """Into safety it was neither a line of what rises nor one of safety; its flags follow, in both directions."""
    clinic.admin.create("/v1/themes", MOUNTAIN)
    path = f"/v1/journal-entries/{clinic.write('I thought of my mountain.')['id']}"
    before = clinic.therapist.etag(path)
    assert where_it_is_told(clinic) == ([], [], {"meaning"})
    move(clinic, "safety")
    assert where_it_is_told(clinic) == (["safety"], [["my mountain"]], {"safety"})
    found = {each["theme"]: each["facet"] for each in clinic.therapist.read(path)["themes"]}
    assert found["our_mountain"] == "safety"
    assert clinic.therapist.get(path, if_none_match=before).status_code == 200
    move(clinic, "meaning")
    assert where_it_is_told(clinic) == ([], [], {"meaning"})


def test_taking_it_out_takes_its_mentions_with_it(clinic: Any) -> None:
    clinic.admin.create("/v1/themes", MOUNTAIN)
    entry = clinic.write("I thought of my mountain.")
    path = "/v1/themes/our_mountain"
    assert clinic.admin.delete(path, if_match=clinic.admin.etag(path)).status_code == 204
    assert "our_mountain" not in themes_of(clinic.therapist.read(f"/v1/journal-entries/{entry['id']}"))
    assert clinic.admin.get(path).status_code == 404


def test_a_prompt_that_goes_with_it_outlasts_it_and_can_be_switched_off(clinic: Any) -> None:
    clinic.admin.create("/v1/themes", MOUNTAIN)
    prompt = {
        "texts": {"en": "What did you see from the mountain?"},
        "purpose": "open",
        "gentleness": "open",
        "phases": ["later"],
        "themes": ["our_mountain"],
    }
    path = f"/v1/prompts/{clinic.therapist.create('/v1/prompts', prompt)['id']}"
    assert clinic.admin.delete("/v1/themes/our_mountain", if_match="*").status_code == 204
    answer = clinic.therapist.patch(path, {"is_on": False}, if_match="*")
    assert (answer.status_code, answer.json["themes"]) == (200, ["our_mountain"])
    assert clinic.therapist.patch(path, {"themes": ["our_mountain", "nowhere"]}, if_match="*").status_code == 422


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"theme": "grief"}, "/theme"),
        ({"theme": "Our Mountain"}, "/theme"),
        ({"facet": "weather"}, "/facet"),
        ({"phrases": [], "examples": []}, "/phrases"),
        ({"phrases": [" "]}, "/phrases/0"),
        ({"phrases": ["x"] * 201}, "/phrases"),
        ({"definition": ""}, "/definition"),
    ],
)
def test_what_does_not_fit_is_named(clinic: Any, change: dict[str, Any], pointer: str) -> None:
    answer = clinic.admin.post("/v1/themes", MOUNTAIN | change)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json["errors"]] == [pointer]


@pytest.mark.one_database
def test_what_a_theme_covers_is_a_list_of_phrases(clinic: Any) -> None:
    """It was a list of letters once."""
    grief = clinic.admin.read("/v1/themes/grief")
    assert "missing the dead" in grief["includes"]
    assert all(len(each) > 3 for each in grief["includes"] + grief["excludes"])
    assert clinic.admin.create("/v1/themes", MOUNTAIN)["includes"] == ["my mountain"]


@pytest.mark.one_database
def test_the_taxonomy_itself_is_not_to_be_changed(clinic: Any) -> None:
    for send in (clinic.admin.delete, lambda path, **more: clinic.admin.patch(path, {"label": "L"}, **more)):
        assert send("/v1/themes/grief", if_match="*").status_code == 404


@pytest.mark.one_database
def test_an_entry_in_another_language_is_kept_untagged_and_says_so(clinic: Any) -> None:
    entry = clinic.write("Hoy dormí mal y soñé con mi madre en la cocina de la casa vieja.")
    assert entry["language"] == "es"
    assert entry["tagging"]["state"] == "done"
    assert entry["themes"] == []
    assert clinic.write("I slept badly.")["language"] == "en"


@pytest.mark.one_database
def test_how_far_suicidality_goes_is_told_beside_the_words(clinic: Any) -> None:
    note = clinic.note("Endorses SI with plan, no intent. Denies HI.")
    found = {each["severity"] for each in note["themes"] if each["assertion"] == "affirmed"}
    assert "plan" in found
    assert all(each["severity"] is None for each in clinic.note("Denies SI, intent or plan.")["themes"])


@pytest.mark.one_database
def test_a_themes_name_ends_where_it_seems_to(clinic: Any) -> None:
    answer = clinic.admin.post("/v1/themes", MOUNTAIN | {"theme": "our_mountain\n"})
    assert (answer.status_code, [each["pointer"] for each in answer.json["errors"]]) == (422, ["/theme"])


class TestTakenOutMeanwhile:
    """A mention of a theme that there is not any more would make themes, brief and caseload 404 for good."""

    @pytest.fixture
    def stamp(self, clinic: Any) -> Row:
        """What everybody counts up who changes Maya's record, at the end of the change."""
        clinic.admin.create("/v1/themes", MOUNTAIN)
        return ("patient_stamps", "patient_id", clinic.ids["maya"])

    @staticmethod
    def change(clinic: Any, what: str) -> Callable[[], Any]:
        """What puts a mention of the theme into the record: a correction, or the tagger."""
        if what == "tagged":
            return tag_pending
        mention = clinic.write("I miss him still.")["themes"][0]["id"]
        caller, corrected = clinic.therapist, {"verdict": "corrected", "theme": "our_mountain"}
        return lambda: caller.post(f"/v1/mentions/{mention}/review", corrected)

    @pytest.mark.parametrize("what", ["tagged", "corrected"])
    @pytest.mark.parametrize("order", [1, -1])
    def test_nothing_is_left_of_it(self, clinic: Any, stamp: Row, broken_tagger: Any, what: str, order: int) -> None:
        if what == "tagged":
            with broken_tagger():
                clinic.write("I thought of my mountain.")
        change, admin = self.change(clinic, what), clinic.admin
        requests = [change, lambda: admin.delete("/v1/themes/our_mountain", if_match="*")]
        with meanwhile(clinic.app) as others:
            others.hold(stamp)
            answers = [others.comes(each) for each in requests[::order]]
            others.let_go(stamp)
            for each in answers:
                each.result()
        assert clinic.admin.get("/v1/themes/our_mountain").status_code == 404
        patient = f"/v1/patients/{clinic.ids['maya']}"
        for path in (f"{patient}/themes", f"{patient}/brief", "/v1/caseload"):
            assert clinic.therapist.get(path).status_code == 200
