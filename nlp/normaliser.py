"""The pipeline's first component: every token's norm, so that lines meet words however they were typed."""

from functools import lru_cache
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from nlp.lexicon_files import load_lexicon
from nlp.spelling import Spelling, load_spelling
from nlp.words import norms, written

REMEMBERED = 50_000  # most words of a text have been met before


class Normaliser:
    """Sets `token.norm_`; texts and offsets stay as they are."""

    def __init__(self, spelling: Spelling) -> None:
        self._norm = lru_cache(REMEMBERED)(spelling.norm)

    def __call__(self, doc: Doc) -> Doc:
        """Give every token the words it stands for, parted by spaces."""
        add = doc.vocab.strings.add
        hashes: Any = np.array([add(each) for each in norms(written(doc), self._norm)], np.uint64)
        return doc.from_array(["NORM"], hashes)


@Language.factory("normaliser")
def make_normaliser(nlp: Language, name: str) -> Normaliser:  # noqa: ARG001 -- spaCy calls it by these names
    """Make the component, with the lexicon's words as those that a stretched word may be shortened to."""
    return Normaliser(load_spelling(load_lexicon().vocabulary()))
