"""The networks read as one: the scores are theirs, and each score is split upon its words without a rest."""

from typing import Any

import numpy as np
import pytest
from spacy.vocab import Vocab

from nlp.learned.architecture import HEEDED, parameter, sentence_themes
from nlp.learned.evidence import Evidence
from nlp.learned.features import Vocabulary, featurise
from nlp.learned.labels import TAUGHT, TURNED, turned
from nlp.learned.side_by_side import SideBySide
from nlp.learned.theme_model import ThemeModel
from nlp.learned.word_table import WordTable, to_whole
from nlp.taxonomy import load_taxonomy

pytestmark = pytest.mark.database_free

WORDS = ("grey", "days", "again", "the", "boat", "came")
SAID = ("the", "boat", "the", "boat", "came")  # a word and a pair stand there twice
TABLE = WordTable.of(WORDS, np.random.default_rng(1).normal(size=(len(WORDS), 4)).astype(np.float32))
UNITS = {"hidden": 4, "filters": 5, "gist": 6, "around": 3}
VOCABULARIES = (Vocabulary.empty(), Vocabulary.of([("the", "boat")], 1, 2), Vocabulary.of([SAID] * 2, 1, 2))
PLAIN = [("grey", "days", "again"), SAID, ("boat",)]
DOCUMENTS: tuple[list[list[tuple[str, ...]]], ...] = (
    [[("grey", "days"), SAID], [], [("unknown",)]],
    [],
    [[]],
    [[()]],
    [[(), ("grey", "boat"), ()]],
)


class OneVector:
    """A stand-in for a sentence encoder, for which all sentences are alike."""

    width = 9

    def encode(self, texts: Any) -> Any:
        return np.ones((len(texts), self.width), np.float32)

    def remember(self) -> None:
        pass


def _rounded(values: Any) -> Any:
    whole, steps = to_whole(values)
    return whole * steps


def network(vocabulary: Vocabulary, columns: int = 2 * TABLE.width, left_out: float = 0.3, labels: int = 7) -> Any:
    model = sentence_themes(2, UNITS, dict.fromkeys(("inputs", "units", "words"), left_out))
    chance = np.random.default_rng(2)
    for member in model.layers:
        member.layers[0].set_dim("n_grams", len(vocabulary))
        member.layers[0].set_dim("width", TABLE.width)
        member.layers[0].set_dim("columns", columns)
        member.layers[-1].set_dim("nO", labels)
        member.initialize()
        for layer in member.layers:
            for name in layer.param_names:
                values = chance.normal(size=parameter(layer, name).shape).astype(np.float32)
                layer.set_param(name, _rounded(values) if name == "grams" else values)
    return model


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=len)
@pytest.mark.parametrize("documents", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_together_they_say_what_they_say_one_by_one(vocabulary: Vocabulary, documents: Any) -> None:
    model, batch = network(vocabulary), featurise(documents, vocabulary, TABLE)
    alone = model.predict(batch)
    for grams in (None, SideBySide(network(vocabulary)).grams.rounded()):
        each = SideBySide(model, grams)
        scores = each.read(batch).scores
        assert scores.shape == (sum(map(len, documents)), 7)
        assert np.allclose(scores, alone, atol=1e-4)
        each.release()
        assert np.allclose(model.predict(batch), alone, atol=1e-4), "and each says it again by itself"


@pytest.mark.parametrize("documents", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_with_an_encoder_a_text_without_sentences_is_no_exception(documents: Any) -> None:
    vocabulary = VOCABULARIES[-1]
    batch = featurise(documents, vocabulary, TABLE, OneVector())
    scores = SideBySide(network(vocabulary, 2 * OneVector.width)).read(batch).scores
    assert scores.shape == (sum(map(len, documents)), 7)


def biases(weights: SideBySide, read: Any, sentence: int, theme: int) -> float:
    """Give what the biases have in a score, which neither words nor sentences speak for."""
    rest, ways = float(weights.output_bias[theme]), []
    outputs = np.split((read.around[sentence] > 0) * weights.around_output[theme], 2)
    for output, around, gists in zip(outputs, weights.around, np.split(read.gists, 2, axis=1), strict=True):
        by_gist = (gists[sentence] > 0) * (np.split(around.weights, 6, axis=1)[2] @ output)
        rest += float(around.bias @ output + around.gist_bias @ by_gist)
        ways.append(by_gist @ around.gist)
    units, filters = np.hstack([each[:4] for each in ways]), np.hstack([each[4:] for each in ways])
    rest += float(weights.bias @ ((read.units[sentence] > 0) * (weights.output[theme] + units)))
    filters = (read.heard.told[sentence] > 0) * (weights.phrase_output[theme] + filters)
    return rest + float(weights.phrase_bias @ filters)


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=len)
@pytest.mark.parametrize("documents", [[PLAIN], [[each] for each in PLAIN]], ids=["together", "apart"])
def test_words_and_other_sentences_have_the_whole_score_between_them(vocabulary: Vocabulary, documents: Any) -> None:
    """Sentences out of order, one of them asked about twice."""
    weights = SideBySide(network(vocabulary))
    read = weights.read(featurise(documents, vocabulary, TABLE))
    sentences, themes = np.array([1, 0, 1, 2]), np.array([3, 0, 6, 3])
    split = list(Evidence(weights).of(read, sentences, themes))
    assert [len(part) for part, _ in split] == [5, 3, 5, 1]
    assert all(abs(others) > 1e-3 for _, others in split) == (len(documents) == 1), "who stands alone has no others"
    for sentence, theme, (part, others) in zip(sentences, themes, split, strict=True):
        rest = biases(weights, read, sentence, theme)
        assert sum(part) + others + rest == pytest.approx(read.scores[sentence, theme], abs=1e-3)


def test_the_gradient_of_a_whole_network_is_that_of_small_differences() -> None:
    model = network(VOCABULARIES[-1], left_out=0.0).layers[0]
    batch = featurise([PLAIN, [], PLAIN[1:]], VOCABULARIES[-1], TABLE)
    direction = np.random.default_rng(3).normal(size=(5, 7)).astype(np.float32)
    model.begin_update(batch)[1](direction)
    chance, step = np.random.default_rng(4), 1e-3
    for layer in model.walk():
        for name in layer.param_names:
            kept = layer.get_param(name)
            for place in chance.integers(0, kept.shape, (12, kept.ndim)):
                ends = []
                for way in (step, -step):
                    moved = kept.copy()
                    moved[tuple(place)] += way
                    layer.set_param(name, moved)
                    ends.append(float((model.predict(batch).astype(np.float64) * direction).sum()))
                slope = (ends[0] - ends[1]) / (2 * step)
                assert slope == pytest.approx(layer.get_grad(name)[tuple(place)], rel=0.02, abs=0.1), (name, place)
            layer.set_param(name, kept)


def test_labels_behind_those_that_are_taught_are_heeded_a_little() -> None:
    """Of two with the same weights, the one behind asks a part of what the other asks of the layers under both."""
    model = network(VOCABULARIES[-1], left_out=0.0, labels=len(TAUGHT) + 3).layers[0]
    *under, output = model.layers
    weights = parameter(output, "W")
    weights[len(TAUGHT)] = weights[0]
    asked = []
    for label in (0, len(TAUGHT)):
        scores, learn = model.begin_update(featurise([PLAIN], VOCABULARIES[-1], TABLE))
        learn(np.ones_like(scores) * (np.arange(scores.shape[1]) == label))
        assert output.get_grad("W")[label].any()
        asked.append([layer.get_grad(name).copy() for layer in under for name in layer.param_names])
        for layer in model.layers:
            for name in layer.param_names:
                layer.set_grad(name, np.zeros_like(layer.get_grad(name)))
    assert any(each.any() for each in asked[0])
    for whole, part in zip(*asked, strict=True):
        assert part == pytest.approx(HEEDED * whole, rel=1e-3, abs=1e-5)


def test_a_sentence_hears_of_its_own_document_alone() -> None:
    vocabulary = VOCABULARIES[-1]
    one, other = [("grey", "days"), SAID, ("boat",)], [("the", "boat"), ("days",)]
    model = network(vocabulary)
    apart = [model.predict(featurise([each], vocabulary, TABLE)) for each in (one, other)]
    assert np.allclose(model.predict(featurise([one, [], other], vocabulary, TABLE)), np.vstack(apart), atol=1e-4)
    swapped = model.predict(featurise([one[::-1]], vocabulary, TABLE))[::-1]
    assert not np.allclose(swapped, apart[0], atol=1e-2), "and what stands before is not what stands after"


def test_what_is_thought_of_a_themes_assertion_is_told_of_that_theme() -> None:
    themes = len(load_taxonomy().themes)
    labels = ThemeModel(Vocab(), sentence_themes(1, UNITS, dict.fromkeys(("inputs", "units", "words"), 0.0))).labels
    scores = np.arange(2 * len(labels), dtype=np.float32).reshape(2, -1)
    family = labels.index("family")
    expected = [scores[1, labels.index(each)] for each in TURNED]
    expected += [scores[1, labels.index(f"family:{each}")] - scores[1, family] for each in TURNED]
    assert family < themes
    assert turned(scores, [1], [family]).tolist() == [expected]


def test_a_byte_a_number_is_off_by_half_a_step_at_most() -> None:
    values = np.random.default_rng(6).normal(size=(200, 3)) * [0.01, 1, 50]
    whole, steps = to_whole(values)
    assert whole.dtype == np.int8
    assert (np.abs(whole * steps - values) <= steps * 0.501).all()
    empty, _ = to_whole(values[:0])
    assert empty.shape == (0, 3)
