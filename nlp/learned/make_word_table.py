"""Makes the word table: what a sentence encoder and published word vectors know of words, in a few megabytes."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from nlp.corpus_files import FOLDER, corpus_files, read_corpus
from nlp.learned.encoder import Encoder
from nlp.learned.word_table import Floats, WordTable
from nlp.words import normal_words

WORD = re.compile(r"[a-z][a-z'\-]*")
ENCODER_WIDTH, WIDTH = 128, 160
BATCH = 512
PULL = 1e-5  # of a regression's weights towards nothing, a word; from 1e-7 to 1e-4 held-out words were told as well


def read_vectors(lines: Iterable[str], most: int) -> Iterator[tuple[str, Floats]]:
    """Read vectors as GloVe and word2vec write them: a word and its numbers a line, the most frequent first."""
    count = 0
    for line in lines:
        word, *numbers = line.rstrip().split(" ")
        if len(numbers) > 1 and WORD.fullmatch(word):
            yield word, np.array(numbers, np.float32)
            count += 1
            if count == most:
                return


def make_word_table(needed: Iterable[str], published: dict[str, Floats], encoder: Encoder, most: int) -> WordTable:
    """Lay what an encoder makes of each word by itself beside its published vector, and keep what varies most.

    needed: words that must be in the table. published: vectors by word, the most frequent first; of those `most`
    are taken. Words that have no published vector get zeros for it. Both parts are brought to the same spread first.
    """
    words = sorted({*list(published)[:most], *needed})
    width = len(next(iter(published.values())))
    other = np.stack([published.get(word, np.zeros(width, np.float32)) for word in words])
    other /= other[other.any(axis=1)].std()
    own = _principal(_encoded(words, encoder), ENCODER_WIDTH)
    both = np.hstack([own / own.std(), other])
    return WordTable.of(words, _principal(both, WIDTH).astype(np.float32))


def extend_word_table(table: WordTable, needed: Iterable[str], encoder: Encoder) -> WordTable:
    """Add the words that are needed and not there, at the places where another encoder suggests that they belong.

    Ridge regression (Hoerl and Kennard, Technometrics 12, 1970) of the table's vectors on what `encoder` makes of the
    same words by themselves. The words that are there keep their vectors, so that the first encoder and the published
    vectors need not be at hand.
    """
    words = sorted(set(needed) - set(table.words))
    if not words:
        return table
    known, new = (_with_one(_encoded(each, encoder)) for each in (table.words, words))
    wanted = table.vectors(np.arange(1, len(table) + 1)).astype(np.float64)
    pull = PULL * len(known) * np.eye(known.shape[1])
    weights = np.linalg.solve(known.T @ known + pull, known.T @ wanted)
    return table.extended(words, np.asarray(new @ weights, np.float32))


def _with_one(vectors: Floats) -> Any:
    return np.hstack([vectors.astype(np.float64), np.ones((len(vectors), 1))])


def _encoded(words: Sequence[str], encoder: Encoder) -> Floats:
    return np.vstack([encoder.encode(words[n : n + BATCH]) for n in range(0, len(words), BATCH)])


def _principal(vectors: Any, width: int) -> Any:
    """Project on the directions in which vectors vary most."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:width].T


def corpus_words() -> set[str]:
    """Give every normal word of the corpus."""
    texts = (each.text for path in corpus_files() for each in read_corpus(path))
    return {word for text in texts for word in normal_words(text)}


def frequent_words(patterns: Iterable[str], least: int) -> set[str]:
    """Give the normal words that stand in at least so many sentences of some files of the corpus."""
    paths = [path for pattern in patterns for path in FOLDER.glob(pattern)]
    every = ((document.text, each) for path in paths for document in read_corpus(path) for each in document.sentences)
    counts = Counter(word for text, each in every for word in set(normal_words(text[each.start : each.end])))
    return {word for word, count in counts.items() if count >= least and word[0].isalpha()}
