"""What the lexicon finds of safety themes, and how far the network may take it away."""

import numpy as np
import pytest
from spacy.language import Language

from nlp.combiner import Combiner
from nlp.learned.fitting import ALL, LEAST, MOST, NAMES, neighbours
from nlp.learned.theme_model import SCORES
from nlp.tagger import load_pipeline
from nlp.theme_finder import FOUND

pytestmark = pytest.mark.database_free

LINES = {
    "suicidality": "I want to kill myself.",
    "harm_by_others": "He hits me when he drinks.",
    "grief": "I miss my father so much.",
}
WEIGHTS = {ALL: dict(zip((*NAMES, "denied"), (0.0, 1.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0), strict=True))}


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


def test_what_is_said_before_and_after_speaks_too(nlp: Language) -> None:
    """One sentence of three is just short of its threshold, until its neighbours count."""
    doc = nlp.make_doc("It was grey. It was grey again. It was grey still.")
    for name in nlp.pipe_names[: nlp.pipe_names.index("combiner")]:
        doc = nlp.get_pipe(name)(doc)
    scored, column = doc.user_data[SCORES], nlp.get_pipe("theme_model").labels.index("grief")
    scores = np.full_like(scored.scores, -9.0)
    scores[:, column] = [1.0, -0.1, 1.0]
    doc.user_data[SCORES], doc.user_data[FOUND] = scored._replace(scores=scores), []
    found = {}
    for weight in (0.0, 0.3):
        weights = {ALL: WEIGHTS[ALL] | {"before": weight, "after": weight}}
        again = Combiner(nlp, weights, 0.5, 0.5, "combiner")(doc.copy())
        found[weight] = [one.sentence for one in again.user_data[FOUND] if one.theme == "grief"]
    assert found == {0.0: [0, 2], 0.3: [1]}, "the first and the last have one neighbour, and nobody on the other side"


def test_beside_the_first_and_the_last_sentence_there_is_nobody() -> None:
    before, after = neighbours(np.array([[1.0], [-40.0], [7.0]]))
    assert before.ravel().tolist() == [LEAST, 1.0, LEAST]
    assert after.ravel().tolist() == [LEAST, MOST, LEAST]
    assert [each.shape for each in neighbours(np.zeros((0, 48)))] == [(0, 48)] * 2
