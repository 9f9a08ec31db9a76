"""What the lexicon finds of safety themes, how far the network may take it away, and what it hears around."""

import pytest
from spacy.language import Language

from nlp.combiner import SENTENCES_AROUND, Combiner
from nlp.learned.fitting import ALL, NAMES
from nlp.learned.theme_model import SCORES
from nlp.tagger import load_pipeline
from nlp.theme_finder import FOUND

pytestmark = pytest.mark.database_free

LINES = {
    "suicidality": "I want to kill myself.",
    "harm_by_others": "He hits me when he drinks.",
    "grief": "I miss my father so much.",
}
WEIGHTS = {ALL: dict(zip((*NAMES, "denied"), (0.0, 1.0, 2.0, 2.0, 2.0, 2.0), strict=True))}


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


AGAIN, LATER = "He rang again.", "It was half past six."
FEAR = ("He took my bank card and my keys.", "He says he will find me wherever I go.")
FUSS = ("The plumber could not come on Monday.", "The tap is only dripping now.")


def test_what_is_said_around_a_sentence_speaks_too(nlp: Language) -> None:
    """Two sentences before it, and in the one after: the sentence right before is the same."""
    column, odds = nlp.get_pipe("theme_model").labels.index("harm_by_others"), {}
    for told in (FEAR, FUSS):
        doc = nlp.make_doc(" ".join((told[0], LATER, AGAIN, told[1])))
        for name in nlp.pipe_names[: nlp.pipe_names.index("combiner")]:
            doc = nlp.get_pipe(name)(doc)
        odds[told] = doc.user_data[SCORES].scores[2, column]
    assert odds[FEAR] > odds[FUSS] + 0.5
    doc = nlp(" ".join((*FEAR, AGAIN, "He took my phone, too.")))
    assert any(SENTENCES_AROUND in span._.because for span in doc.spans["themes"]), "and it is said that they do"


def test_what_the_sentences_around_carry_is_quoted_whole_and_what_its_own_words_say_by_these(nlp: Language) -> None:
    doc = nlp(" ".join((*FEAR, AGAIN, "He took my phone, too.")))
    (again,) = (span for span in doc.spans["themes"] if span.text in AGAIN and span._.source == "model")
    assert again.text == AGAIN.removesuffix(".")
    assert again._.because.startswith(f"learned: {SENTENCES_AROUND}"), "it is said that they carry it"
    alone = nlp("The bus was late and the shop was shut, and on the way home I wept for my brother in the rain.")
    own = [span.text for span in alone.spans["themes"] if span._.source == "model"]
    assert own
    assert all(len(each) < 2 / 3 * len(alone.text) for each in own)
