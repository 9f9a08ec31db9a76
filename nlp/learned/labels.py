"""Labels as numbers: which columns there are, and what a labelled sentence has in them."""

from collections.abc import Mapping, Sequence

import numpy as np

from nlp.findings import Assertion
from nlp.learned.word_table import Floats
from nlp.taxonomy import load_taxonomy

LABELS = "nlp.labels"  # of a labelled document: for each sentence of the stream, its themes with their assertions
SOFT_LABELS = "nlp.soft_labels"  # of such a document: what the teacher makes of each sentence, where it told
TURNED = tuple(each.value for each in Assertion if each is not Assertion.AFFIRMED)
TAUGHT = (*load_taxonomy().themes, *TURNED)  # what the teacher tells of, and the first columns of scores


def truth_of(rows: Sequence[Mapping[str, Assertion]], labels: Sequence[str]) -> Floats:
    """Turn the labels of sentences into numbers, 1 or 0, shape (sentences, labels).

    labels: all that the model has, or those that the teacher tells of, which has none for a theme so asserted.
    """
    columns = {label: column for column, label in enumerate(labels)}
    truth = np.zeros((len(rows), len(labels)), np.float32)
    for row, themes in enumerate(rows):
        for theme, assertion in themes.items():
            truth[row, columns[theme]] = 1
            if assertion is not Assertion.AFFIRMED:
                truth[row, columns[assertion.value]] = 1
                pair = columns.get(f"{theme}:{assertion.value}")
                if pair is not None:
                    truth[row, pair] = 1
    return truth


def turned(scores: Floats, sentences: Sequence[int], themes: Sequence[int]) -> Floats:
    """Give what the network thinks of each assertion but "affirmed" of some mentions, as log odds, a row a mention.

    sentences, themes: of each mention its row and its column among the scores of a document. First whether anything in
    the sentence is so asserted, then whether this theme is, set against whether it is there.
    """
    count = len(TURNED)
    known = (scores.shape[1] - count) // (count + 1)
    rows, columns = np.array(sentences, np.int64)[:, None], np.array(themes, np.int64)[:, None]
    every = scores[rows, known + np.arange(count)]
    own = scores[rows, known + count + columns * count + np.arange(count)] - scores[rows, columns]
    return np.hstack([every, own])
