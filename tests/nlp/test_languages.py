"""English is read; other languages are told apart and left alone; short and terse English stays English."""

import pytest

from nlp import load_tagger
from nlp.corpus_files import corpus_files, read_corpus
from nlp.tagger import load_pipeline
from nlp.words import tokenizable

pytestmark = pytest.mark.database_free


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hoy dormí mal y soñé con mi madre en la cocina de la casa vieja.", "es"),
        ("Heute habe ich wieder schlecht geschlafen und an meinen Bruder gedacht.", "de"),
        ("Aujourd'hui j'ai pleuré pour mon père, et puis je suis sorti marcher.", "fr"),
        ("Dzisiaj płakałem, ale potem było mi lżej.", "pl"),
        ("今日はよく眠れませんでした。", "ja"),
        ("لم أنم جيدا الليلة وفكرت في أمي", "ar"),
        ("Сегодня я снова плакал всю ночь.", "ru"),
    ],
)
def test_other_languages_are_told_and_not_tagged(text: str, language: str) -> None:
    analysis = load_tagger().tag(text, "journal")
    assert analysis.language == language
    assert analysis.mentions == ()
    assert analysis.words


@pytest.mark.parametrize(
    "text",
    [
        "Denies SI/HI. Sleep 6h. PHQ-9 14.",
        "Hx: lithium toxicity 2013, deliberate.",
        "Glaucoma drops cont.",
        "lol ok whatever",
        "BP 128/78, EKG wnl.",
        "Grateful.",
        "",
        "\U0001f622",
    ],
)
def test_terse_english_is_english(text: str) -> None:
    assert load_tagger().tag(text, "note").language == "en"


EIGHTH = 8  # of 61,852: all take too long
OTHERS = ("DE:", "FR:", "Je veux", "Welsh-speaking", "dosy", "Ich mag", "ja ich", "mi done")  # what is another there


def test_no_document_of_the_corpus_is_taken_for_another_language() -> None:
    pipeline = load_pipeline()
    pipeline.select_pipes(enable=["normaliser", "languages"])  # what comes after reads the language and leaves it
    documents = [each for path in corpus_files() for each in list(read_corpus(path))[::EIGHTH]]
    read = [each.text for each in documents if not each.text.startswith(OTHERS)]
    assert [each for each in read if pipeline(tokenizable(each))._.language != "en"] == []
