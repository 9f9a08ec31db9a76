"""The pipeline's component that tells English from other languages, which this tagger cannot read."""

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from nlp.lexicon_files import load_lexicon
from nlp.words import normal_words_of

ENGLISH, UNKNOWN = "en", "und"  # ISO 639; "und" stands for no language that can be told
LANGUAGE = "language"
# Words that hold English sentences together. Other languages share a few of them ("me", "no", "was"), never this many.
HOLDING = frozenset(
    """
    i me my we us our you your he him his she her it its they them their this that these those the a an and or but if
    so as of to in on at by for with from about into over after before is am are was were be been being have had has
    do does did will would can could should not no what who when where why how there here all some any one just than
    then up out
    """.split()  # noqa: SIM905 -- a list would have a hundred lines
)
ENOUGH = 0.2  # this share of such words is English: prose has about half, terse notes a fifth
KNOWN = 0.5  # this share of words that the lexicon has is English too: notes without a verb
SURE = 0.45  # how sure py3langid has to be
SHORTHAND = frozenset({"la", "oc"})  # clinicians' terms are taken for these ("Hx: lithium toxicity")
FEW_WORDS = 5  # below, words that nobody knows are names and noises, not another language

Doc.set_extension(LANGUAGE, default=ENGLISH, force=True)


class Languages:
    """Sets `doc._.language`: "en", the ISO 639-1 code of another language, or "und".

    What looks like English is taken for it at once. For the rest py3langid decides (Lui and Baldwin, "langid.py: an
    off-the-shelf language identification tool", ACL 2012); where it is not sure, short texts count as English.
    """

    def __init__(self, vocabulary: frozenset[str]) -> None:
        self._vocabulary = vocabulary

    def __call__(self, doc: Doc) -> Doc:
        """Tell the language of a normalised document."""
        doc._.set(LANGUAGE, self.language_of(doc))
        return doc

    def language_of(self, doc: Doc) -> str:
        """Tell the language of a normalised document."""
        every = normal_words_of(doc)
        if every and "".join(every).isascii() and _share(every, HOLDING) >= ENOUGH:
            return ENGLISH  # as nearly all texts are; what follows would say so too
        words = [word for word in every if word.isalpha()]
        if not words:
            return ENGLISH if all(_is_latin(letter) for letter in doc.text[:1000]) else _guess(doc.text)[0]
        latin = sum(len(word) if word.isascii() else sum(map(_is_latin, word)) for word in words)
        if latin * 2 < sum(map(len, words)):
            return _guess(doc.text)[0]
        holding, known = _share(words, HOLDING), _share(words, self._vocabulary)
        if holding >= ENOUGH or known >= KNOWN:
            return ENGLISH
        guess, sureness = _guess(doc.text)
        if guess != ENGLISH and sureness >= SURE:
            return ENGLISH if guess in SHORTHAND else guess
        return UNKNOWN if not holding and not known and len(words) >= FEW_WORDS else ENGLISH


def _share(words: Sequence[str], among: frozenset[str]) -> float:
    return sum(map(among.__contains__, words)) / len(words)


def _is_latin(letter: str) -> bool:
    return letter.isascii() or not letter.isalpha() or unicodedata.name(letter, "").startswith("LATIN")


@cache
def _identifier() -> Any:
    """Load py3langid only when a text asks for it: that takes longer than all else in this component."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _guess(text: str) -> tuple[str, float]:
    guess, sureness = _identifier().classify(text[:5000])
    return (guess if len(guess) == len(ENGLISH) else UNKNOWN), float(sureness)


@Language.factory("languages")
def make_languages(nlp: Language, name: str) -> Languages:  # noqa: ARG001 -- spaCy calls it by these names
    """Make the component."""
    return Languages(load_lexicon().vocabulary())
