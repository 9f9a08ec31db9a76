"""What the lexicon finds of safety themes, and how far the network may take it away."""

import pytest
from spacy.language import Language

from nlp.combiner import Combiner
from nlp.learned.fitting import ALL
from nlp.learned.theme_model import SCORES
from nlp.tagger import load_pipeline
from nlp.theme_finder import FOUND

pytestmark = pytest.mark.database_free

LINES = {
    "suicidality": "I want to kill myself.",
    "harm_by_others": "He hits me when he drinks.",
    "grief": "I miss my father so much.",
}
WEIGHTS = {ALL: {"bias": 0.0, "score": 1.0, "strong": 2.0, "denied": 2.0, "likely": 2.0, "weak": 2.0}}


@pytest.fixture(scope="module")
def nlp() -> Language:
    return load_pipeline()


@pytest.mark.parametrize(
    ("theme", "score", "stays"),
    [
        ("suicidality", -20.0, True),
        ("harm_by_others", -20.0, False),
        ("harm_by_others", -5.2, False),  # a chance of 0.04, line and all
        ("harm_by_others", -4.8, True),  # 0.06, far below the threshold
        ("grief", -4.8, False),
        ("grief", -1.9, True),
    ],
)
def test_only_what_is_all_but_ruled_out_goes_and_suicidality_never(
    nlp: Language, theme: str, score: float, *, stays: bool
) -> None:
    """The network is made to give every theme the same score."""
    doc = nlp.make_doc(LINES[theme])
    for name in nlp.pipe_names[: nlp.pipe_names.index("combiner")]:
        doc = nlp.get_pipe(name)(doc)
    assert theme in {one.theme for one in doc.user_data[FOUND]}, "no line finds it"
    scored = doc.user_data[SCORES]
    doc.user_data[SCORES] = scored._replace(scores=scored.scores * 0 + score)
    doc = Combiner(nlp, WEIGHTS, 0.5, 0.5, "combiner")(doc)
    assert any(one.theme == theme and one.line for one in doc.user_data[FOUND]) is stays
