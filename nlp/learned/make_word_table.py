"""Makes the word table: what a sentence encoder and published word vectors know of words, in a few megabytes."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from nlp.corpus_files import corpus_files, read_corpus
from nlp.learned.encoder import Encoder
from nlp.learned.word_table import Floats, WordTable
from nlp.words import normal_words

WORD = re.compile(r"[a-z][a-z'\-]*")
ENCODER_WIDTH, WIDTH = 128, 160
BATCH = 512


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
    encoded = np.vstack([encoder.encode(words[n : n + BATCH]) for n in range(0, len(words), BATCH)])
    own = _principal(encoded, ENCODER_WIDTH)
    both = np.hstack([own / own.std(), other])
    return WordTable.of(words, _principal(both, WIDTH).astype(np.float32))


def _principal(vectors: Any, width: int) -> Any:
    """Project on the directions in which vectors vary most."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:width].T


def corpus_words() -> set[str]:
    """Give every normal word of the corpus."""
    texts = (each.text for path in corpus_files() for each in read_corpus(path))
    return {word for text in texts for word in normal_words(text)}
