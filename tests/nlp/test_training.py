"""The trained part: its way from corpus to folder and back, alike each time, and through spaCy's own doors."""

import json
import subprocess
import sys
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.cli.train import train
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.util import load_config
from thinc.api import Adam

from nlp.build import CONFIG, Folds, build
from nlp.corpus_files import FOLDER
from nlp.documents import Document, Sentence
from nlp.findings import Assertion
from nlp.learned import theme_model
from nlp.learned.assertions import AFFIRMED, AssertionModel, Seen, features_of, learn
from nlp.learned.corpus_reader import BEFORE_LEARNING, example
from nlp.learned.encoder import SentenceEncoder
from nlp.learned.fitting import Pairs, best_threshold, careful_threshold, chances, fit
from nlp.tagger import PIPELINE, load_pipeline
from nlp.taxonomy import load_taxonomy

pytestmark = [pytest.mark.database_free, pytest.mark.xdist_group("training")]

SMALL = {
    "corpora.train.files": ["writers_1.txt"],
    "corpora.dev.files": ["writers_2.txt"],
    "training.max_epochs": 2,
    "components.theme_model.model.units.hidden": 16,
    "components.theme_model.model.units.filters": 8,
    "components.theme_model.model.units.gist": 8,
    "components.theme_model.model.units.around": 8,
    "components.theme_model.model.members": 2,
}
PLAIN = Seen(("i", "drank", "again"), (1, 2), "substance_use", "journal", Assertion.AFFIRMED, 0, "strong", [-4.0] * 8)
TEXT = "I miss my father so much. We had soup."


@pytest.fixture(scope="module")
def shipped() -> Language:
    return load_pipeline()


def labels(nlp: Language, text: str) -> list[str]:
    doc = nlp(text)
    return [span.label_ for span in doc.spans["themes"]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    train(CONFIG, folder, overrides=SMALL)
    return folder / "model-last"


def test_a_pipeline_is_built_weighed_and_read_back(tmp_path: Path, shipped: Language) -> None:
    """From corpus to folder: folds of writers left out, curves of the combiner, assertions, levels; all read back."""
    fitted = build(tmp_path / "built", SMALL, folds=Folds(["writers_1.txt"], [], 2, 2))
    assert set(fitted.weights) == {"all", *load_taxonomy().themes}
    nlp = spacy.load(tmp_path / "built")
    assert nlp.pipe_names == shipped.pipe_names
    assert nlp.config["components"]["combiner"]["weights"]["grief"] == fitted.weights["grief"]
    assert nlp.config["components"]["combiner"]["safety_threshold"] == fitted.safety_threshold
    assert nlp.get_pipe("context").model.chances([PLAIN])[0, AFFIRMED] > 0.5
    assert nlp.get_pipe("severity").model.grade(["i", "took", "all", "the", "pills"], "journal")


def test_the_learning_rate_ends_when_training_does() -> None:
    config = load_config(CONFIG)
    files = {path for each in config["corpora"]["train"]["files"] for path in FOLDER.glob(each)}
    documents = sum(path.read_text("utf-8").count("@doc ") for path in files)
    training = config["training"]
    batches = ceil(documents / training["batcher"]["size"])
    assert training["optimizer"]["learn_rate"]["total_steps"] == training["max_epochs"] * batches


def test_training_twice_gives_the_same_weights(small: Path, tmp_path: Path) -> None:
    train(CONFIG, tmp_path, overrides=SMALL)
    first, second = (np.load(folder / "theme_model" / "weights.npz") for folder in (small, tmp_path / "model-last"))
    assert sorted(first.files) == sorted(second.files)
    for name in first.files:
        step = 1 if name == "grams" else 1e-3  # those are whole numbers
        assert np.allclose(first[name], second[name], atol=step), name


def test_it_learns(shipped: Language) -> None:
    """The shipped network orders what it was trained on far better than chance: its score of grief knows grief."""
    assert "grief" in labels(shipped, "His mug is still on the hook and I can't wash it.")


def test_spacy_loads_the_pipeline_without_our_package_imported_first() -> None:
    code = (
        "import sys, json, spacy\n"
        f"doc = spacy.load({str(PIPELINE)!r})({TEXT!r})\n"
        "print(json.dumps([(s.label_, s._.assertion, s._.source) for s in doc.spans['themes']]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ["grief", "affirmed"] in [each[:2] for each in json.loads(done.stdout)]


def test_findings_survive_bytes_and_docbin(shipped: Language) -> None:
    doc = shipped(TEXT)
    again = Doc(shipped.vocab).from_bytes(doc.to_bytes())
    (binned,) = DocBin(docs=[doc], store_user_data=True).get_docs(shipped.vocab)
    for other in (again, binned):
        assert [(s.label_, s._.score, s._.because) for s in other.spans["themes"]] == [
            (s.label_, s._.score, s._.because) for s in doc.spans["themes"]
        ]


def test_a_small_pipeline_is_read_back_as_it_was(small: Path, shipped: Language, tmp_path: Path) -> None:
    nlp = spacy.load(small)
    assert nlp.pipe_names == shipped.pipe_names
    nlp.to_disk(tmp_path)
    assert np.allclose(scores(nlp), scores(spacy.load(tmp_path)), atol=0.01)


def scores(nlp: Language) -> Any:
    """Give what the network makes of a text as it is read, after making sure that training it would go from there."""
    doc = nlp.make_doc(TEXT)
    for name in BEFORE_LEARNING:
        doc = nlp.get_pipe(name)(doc)
    model = nlp.get_pipe("theme_model")
    (found,) = model.predict([doc])
    model.together.release()
    assert np.allclose(found.scores, model.model.predict(model.batch([doc])), atol=1e-4)
    return found.scores


def test_it_learns_on_from_where_it_reads(small: Path) -> None:
    nlp = spacy.load(small)
    before = scores(nlp)
    drank = Document("a", "journal", "I drank.", (Sentence(0, 8, {"joy": Assertion.AFFIRMED}),))
    nlp.get_pipe("theme_model").update([example(nlp, drank)], sgd=Adam(0.01))
    assert not np.allclose(scores(nlp), before, atol=1e-4)


def test_weights_of_another_make_are_refused(small: Path, tmp_path: Path) -> None:
    copytree(small, tmp_path / "other")
    lists = tmp_path / "other" / "theme_model" / "vocabulary.json"
    kept = lists.read_text("utf-8")
    lists.write_text(kept.replace('"grief"', '"sorrow"'), "utf-8")
    with pytest.raises(ValueError, match="other themes or by another version"):
        spacy.load(tmp_path / "other")
    lists.write_text(kept, "utf-8")
    weights = lists.with_name("weights.npz")
    with np.load(weights) as found:
        without = {name: found[name] for name in found if "surroundings" not in name}
    np.savez(weights, **without)
    with pytest.raises(ValueError, match="other themes or by another version"):
        spacy.load(tmp_path / "other")


class FirstLetters:
    """A stand-in for a sentence encoder: counts the letters a to z."""

    width = 26

    def encode(self, texts: Sequence[str]) -> Any:
        counts = np.array([[text.count(chr(97 + n)) for n in range(26)] for text in texts], np.float32)
        return counts / (np.linalg.norm(counts, axis=1, keepdims=True) + 1e-9)

    def remember(self) -> None:
        pass


def test_an_encoder_takes_the_place_of_the_word_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(theme_model, "load_encoder", lambda name: asked.append(name) or FirstLetters())
    train(CONFIG, tmp_path, overrides=SMALL | {"components.theme_model.encoder": "some/folder"})
    nlp = spacy.load(tmp_path / "model-last")
    assert set(asked) == {"some/folder"}
    assert nlp.get_pipe("theme_model").model.layers[0].layers[0].get_dim("columns") == 2 * FirstLetters.width
    assert "grief" in labels(nlp, TEXT)
    for empty in ("", "Hoy he dormido muy mal y no tengo ganas de hablar con nadie."):
        assert not labels(nlp, empty)


def test_without_the_extra_an_encoder_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(RuntimeError, match=r"\[encoder\]"):
        SentenceEncoder("any")


def test_the_combiner_is_fitted_to_what_it_is_shown() -> None:
    """Planted: the chance is logistic in the score, a strong line adds three, and one theme is rarer than it seems."""
    chance = np.random.default_rng(7)
    themes = list(load_taxonomy().themes)
    scores = chance.normal(-2, 2, (2000, len(themes)))
    lines = np.where(chance.random(scores.shape) < 0.2, 0, -1)
    bias = np.full(len(themes), 0.5)
    bias[themes.index("joy")] = -1.5
    truth = chance.random(scores.shape) < 1 / (1 + np.exp(-(bias + scores + 3 * (lines == 0))))
    pairs = Pairs(scores, lines, truth)
    weights = fit(pairs)
    assert weights["all"]["bias"] == pytest.approx(0.45, abs=0.2)
    assert weights["all"]["score"] == pytest.approx(1.0, abs=0.15)
    assert weights["all"]["strong"] == pytest.approx(3.0, abs=0.4)
    assert weights["joy"]["bias"] == pytest.approx(-1.5, abs=0.4)
    found = chances(pairs, weights)
    assert abs(found.mean() - truth.mean()) < 0.01
    assert 0.3 < best_threshold(found, truth) < 0.6
    careful = careful_threshold(found, truth, 0.9)
    assert truth[found >= careful].mean() == pytest.approx(0.9, abs=0.01)


def test_assertions_are_learned_from_rules_and_words_together() -> None:
    """Planted: "days now" denies drinking without a rule, and a far "not" is about something else."""
    days = PLAIN._replace(words=("forty", "days", "now", "no", "drink"), core=(4, 5))
    far = PLAIN._replace(words=("not", "home", "yet", "i", "drank"), core=(4, 5), verdict=Assertion.NEGATED, gap=3)
    near = PLAIN._replace(words=("not", "a", "drink"), core=(2, 3), verdict=Assertion.NEGATED, gap=1)
    truth = [(PLAIN, Assertion.AFFIRMED), (far, Assertion.AFFIRMED)] + 2 * [
        (days, Assertion.NEGATED),
        (near, Assertion.NEGATED),
    ]
    model = learn(truth * 20)
    mentions = [PLAIN, days, far, near]
    assert [said for said, _ in model.settle(mentions)] == [
        Assertion.AFFIRMED,
        Assertion.NEGATED,
        Assertion.AFFIRMED,
        Assertion.NEGATED,
    ]
    assert model.chances(mentions).sum(axis=1) == pytest.approx(1)
    assert model.chances([]).shape == (0, len(Assertion))


def test_assertions_are_read_as_they_were_learned() -> None:
    """The table that reads many mentions at once gives what adding up all features by their names would."""
    seen = PLAIN._replace(
        words=("so", "not", "the", "drink", "it", "was", "not"),
        core=(3, 4),
        verdict=Assertion.NEGATED,
        gap=1,
        turned=[2.5, -9.0, 0.3, -1.0, 1.5, 0.2, -7.0, -3.0],
    )
    chance = np.random.default_rng(5)
    weights = {name: chance.normal(size=len(Assertion)).tolist() for name, _ in features_of(seen) if "it" not in name}
    named = sum(value * np.array(weights[name]) for name, value in features_of(seen) if name in weights)
    powers = np.exp(named - named.max())
    both = AssertionModel(weights).chances([PLAIN, seen])
    assert both[1] == pytest.approx(powers / powers.sum())
