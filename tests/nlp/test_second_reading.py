"""A fine-tuned encoder that reads along in the pipeline: behind its seam, a small reader that needs no library."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from click.testing import CliRunner
from readers import WordReader, reading_along
from spacy.language import Language
from spacy.tokens import Doc

from nlp.build import Folds, build, first_fold
from nlp.commands import main
from nlp.corpus_files import FOLDER, read_corpus, writer_of
from nlp.learned.labels import TAUGHT, TURNED
from nlp.learned.reader import ReaderError, Remembered
from nlp.learned.second_reading import LEAST, log_odds
from nlp.learned.theme_model import SCORES
from nlp.tagger import load_pipeline, pipeline_version

pytestmark = [pytest.mark.database_free, pytest.mark.xdist_group("training")]

TEXT = "We had soup. A parcel came. I miss my father so much."
FINNISH = "Nukuin viime yönä huonosti enkä halua puhua kenenkään kanssa mistään."
DRIVER = "No driver."  # a text with nothing in it that any theme is about
SMALL = {
    "corpora.train.files": ["writers_1.txt"],
    "corpora.dev.files": ["writers_2.txt"],
    "training.max_epochs": 1,
    "components.theme_model.model.units.hidden": 16,
    "components.theme_model.model.units.filters": 8,
    "components.theme_model.model.units.gist": 8,
    "components.theme_model.model.units.around": 8,
    "components.theme_model.model.members": 1,
}


def mentions(doc: Doc) -> set[tuple[str, str]]:
    return {(span.label_, span.text) for span in doc.spans["themes"]}


def up_to(nlp: Language, last: str, text: str) -> Doc:
    doc = nlp.make_doc(text)
    for name in nlp.pipe_names[: nlp.pipe_names.index(last) + 1]:
        doc = nlp.get_pipe(name)(doc)
    return doc


def test_log_odds_are_averaged_and_those_of_assertions_of_a_theme_move_with_it() -> None:
    nlp = reading_along(WordReader({"parcel": "anger", "soup": "negated"}, (0.9, 0.2)), 0.6)
    before, after = (up_to(nlp, name, TEXT).user_data[SCORES].scores for name in ("theme_model", "reader"))
    told, known = np.full((3, len(TAUGHT)), 0.2), len(TAUGHT)
    told[1, TAUGHT.index("anger")] = told[0, TAUGHT.index("negated")] = 0.9
    assert after[:, :known] == pytest.approx(0.4 * before[:, :known] + 0.6 * np.log(told / (1 - told)), abs=1e-4)
    for column, theme in ((TAUGHT.index("anger"), "anger"), (0, TAUGHT[0])):
        own = [nlp.get_pipe("theme_model").labels.index(f"{theme}:{each}") for each in TURNED]
        assert after[:, own] - after[:, [column]] == pytest.approx(before[:, own] - before[:, [column]], abs=1e-4)


def test_what_the_reader_alone_finds_is_quoted_whole_and_said_to_be_its_own() -> None:
    assert "anger" not in {theme for theme, _ in mentions(load_pipeline()(TEXT))}
    doc = reading_along(WordReader({"parcel": "anger"}))(TEXT)
    (span,) = (each for each in doc.spans["themes"] if each.label_ == "anger")
    assert span.text == "A parcel came"
    assert span._.because.startswith("learned: (encoder 1.00)")
    assert span._.source == "model"
    assert all(not key.startswith("nlp.t") for key in doc.user_data if isinstance(key, str)), "nothing is left behind"


def test_what_both_find_is_quoted_by_the_networks_words_and_a_reader_may_take_away() -> None:
    text = "The bus was late and the shop was shut, and on the way home I wept for my brother in the rain."
    plain = load_pipeline()(text)
    alone = {each for each in plain.spans["themes"] if each._.source == "model"}
    theme = max(alone, key=lambda each: each._.score).label_
    both = reading_along(WordReader({"brother": theme}))(text)
    agreed = [each for each in both.spans["themes"] if each.label_ == theme and each._.source == "model"]
    assert agreed
    assert agreed[0].text in {each.text for each in alone if each.label_ == theme}
    assert agreed[0]._.because.endswith("(encoder 1.00)")
    doc = reading_along(WordReader({}, (1.0, 0.0)))(text)
    assert theme not in {each.label_ for each in doc.spans["themes"] if each._.source == "model"}


def test_what_lines_find_of_suicidality_no_reader_takes_away() -> None:
    doc = reading_along(WordReader({}, (1.0, 0.0)), 1.0)("I want to kill myself.")
    assert "suicidality" in {each.label_ for each in doc.spans["themes"]}


@pytest.mark.parametrize("text", ["", " \n", FINNISH, "!!! ...", "a" * 50_000, "🌊", "parcel"])
def test_any_text_is_read(text: str) -> None:
    nlp = reading_along(WordReader({"parcel": "anger", "!": "anger", "🌊": "anger"}))
    assert nlp(text).spans["themes"] is not None


def test_documents_are_read_together_and_as_one_by_one() -> None:
    reader = WordReader({"parcel": "anger", "soup": "joy"})
    nlp = reading_along(reader)
    texts = [TEXT, "", FINNISH, "parcel", TEXT + " Soup.", DRIVER]
    together = [mentions(doc) for doc in nlp.pipe(texts)]
    assert reader.asked == [len(texts)]
    assert together == [mentions(nlp(text)) for text in texts]
    assert not together[1] | together[2]


def test_a_pipeline_holds_its_reader_and_needs_nothing_else(tmp_path: Path) -> None:
    WordReader({"parcel": "anger"}).write(tmp_path / "elsewhere")
    nlp = load_pipeline()
    config = {"load": {"@misc": "tests.WordReader.v1"}, "path": str(tmp_path / "elsewhere"), "share": 0.7}
    nlp.add_pipe("reader", after="theme_model", config=config)
    before = mentions(nlp(TEXT))
    nlp.to_disk(tmp_path / "whole", exclude=["vocab"])
    (tmp_path / "elsewhere" / "words.json").unlink()
    again = spacy.load(tmp_path / "whole")
    assert mentions(again(TEXT)) == before
    assert ("anger", "A parcel came") in before
    assert again.config["components"]["reader"]["share"] == 0.7


def test_other_weights_of_a_reader_are_another_version(tmp_path: Path) -> None:
    versions = set()
    for weights in (b"\r\n", b"\n"):
        (tmp_path / "model.safetensors").write_bytes(weights)
        versions.add(pipeline_version(tmp_path))
    assert len(versions) == 2


def test_what_is_no_reader_is_said_to_be_none(tmp_path: Path) -> None:
    config: dict[str, Any] = {"load": {"@misc": "tests.WordReader.v1"}}
    nowhere = load_pipeline()
    nowhere.add_pipe("reader", after="theme_model", config=config)
    with pytest.raises(ReaderError, match="has no reader"):
        nowhere(TEXT)
    with pytest.raises(ReaderError, match="from 0 to 1"):
        load_pipeline().add_pipe("reader", after="theme_model", config={"share": 1.5})
    with pytest.raises(ReaderError, match="other themes"):
        reading_along(WordReader({}, columns=("joy",)))
    reading_along(WordReader({})).to_disk(tmp_path, exclude=["vocab"])
    (tmp_path / "reader" / "words.json").unlink()
    with pytest.raises(ReaderError, match="is no reader"):
        spacy.load(tmp_path)


def test_chances_of_nothing_and_of_all_have_log_odds() -> None:
    assert log_odds(np.array([0.0, 0.5, 1.0], np.float32)) == pytest.approx(
        [np.log(LEAST), 0, -np.log(LEAST)], abs=1e-3
    )


def test_nothing_is_read_twice_by_one_that_remembers() -> None:
    reader = WordReader({"parcel": "anger"})
    remembered, documents = Remembered(reader), [["The parcel."], [], ["Soup."], ["The parcel."]]
    for _ in range(2):
        for found, expected in zip(remembered.tell(documents), reader.tell(documents), strict=True):
            assert np.array_equal(found, expected)
    assert reader.asked == [3, 4, 0, 4]


def test_a_pipeline_is_weighed_on_writers_that_its_reader_was_kept_from(tmp_path: Path) -> None:
    """Of writers whom no network has seen it finds what only the reader can know."""
    folds = Folds(["writers_1.txt"], [], count=2, left_out=1)
    kept_from = first_fold(folds)
    documents = [each for each in read_corpus(FOLDER / "writers_1.txt") if writer_of(each) in kept_from]
    known = {
        each.text[sentence.start : sentence.end]: next(iter(sentence.themes))
        for each in documents
        for sentence in each.sentences
        if sentence.themes
    }
    reader = WordReader(known, (0.9, 0.01), kept_from=kept_from)
    fitted = build(tmp_path / "built", SMALL, folds=folds, reader=reader, share=0.9)
    assert fitted.weights["all"]["score"] > 0.3
    assert 1 < max(reader.asked) <= len(documents), "it reads many documents at once, and those alone"
    nlp = spacy.load(tmp_path / "built", config={"components": {"reader": {"load": {"@misc": "tests.WordReader.v1"}}}})
    assert nlp.pipe_names[nlp.pipe_names.index("reader") - 1] == "theme_model"
    found = [{span.label_ for span in doc.spans["themes"]} for doc in nlp.pipe(each.text for each in documents[:8])]
    wanted = [{next(iter(each.themes)) for each in one.sentences if each.themes} for one in documents[:8]]
    assert sum(len(a & b) for a, b in zip(found, wanted, strict=True)) > 0.8 * sum(map(len, wanted))


def test_a_reader_that_has_seen_all_writers_can_not_be_weighed(tmp_path: Path) -> None:
    with pytest.raises(ReaderError, match="none is left to weigh it by"):
        build(tmp_path / "built", SMALL, folds=Folds(["writers_1.txt"], []), reader=WordReader({}))
    with pytest.raises(ReaderError, match="other themes"):
        build(tmp_path / "built", SMALL, folds=Folds(["writers_1.txt"], []), reader=WordReader({}, columns=("joy",)))


def test_the_pipeline_of_the_project_gets_no_reader_and_what_is_none_is_refused(tmp_path: Path) -> None:
    for output in ([], ["--output", str(tmp_path)]):
        answer = CliRunner().invoke(main, ["train", "--reader", str(tmp_path), *output])
        assert answer.exit_code == 2
        assert "--output" in answer.output
    answer = CliRunner().invoke(main, ["train", "--reader", str(tmp_path), "--output", str(tmp_path / "built")])
    assert (answer.exit_code, "is no reader" in answer.output) == (1, True)
