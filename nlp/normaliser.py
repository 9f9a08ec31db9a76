"""The pipeline's first component: every token's norm, so that lines meet words however they were typed."""

from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from nlp.lexicon_files import load_lexicon
from nlp.norms import Norms
from nlp.spelling import Spelling, load_spelling


class Normaliser:
    """Sets `token.norm_`; texts and offsets stay as they are."""

    def __init__(self, spelling: Spelling) -> None:
        self._norms = Norms(spelling)

    def __call__(self, doc: Doc) -> Doc:
        """Give every token the words it stands for, parted by spaces."""
        norms = self._norms.of(doc)
        number = {norm: doc.vocab.strings.add(norm) for norm in set(norms)}
        hashes: Any = np.fromiter(map(number.__getitem__, norms), np.uint64, len(norms))
        return doc.from_array(["NORM"], hashes)


@Language.factory("normaliser")
def make_normaliser(nlp: Language, name: str) -> Normaliser:  # noqa: ARG001 -- spaCy calls it by these names
    """Make the component, with the lexicon's words as those that a stretched word may be shortened to."""
    return Normaliser(load_spelling(load_lexicon().vocabulary()))
