"""What the trained part sees of a sentence: its words and pairs of words, and where they lie among all words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp.learned.encoder import Encoder
from nlp.learned.word_table import MISSING, Floats, WordTable
from nlp.words import Stream

# Smooth inverse frequency: Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings",
# ICLR 2017; they find 0.0001 to 0.001 to do well.
SMOOTHING = 1e-3
BEFORE = 0.5  # how much the sentence before counts beside the sentence itself
SCALE = 5.0  # both parts have length 1 by nature, which is small for the optimiser

Sentence = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences as numbers.

    `ids` and `weights` list the n-grams of all sentences one after the other; `offsets[i]` is where those of sentence
    `i` begin, with one more at the end. `dense` has a row a sentence: its vector, then that of the sentence before.
    `pull` is what a word's vector is multiplied with in its sentence, a number a word, in the order of the words.
    `rows` are the words' rows in `table`; `words[i]` is where those of sentence `i` begin, with one more at the end.
    """

    ids: NDArray[np.int64]
    weights: Floats
    offsets: NDArray[np.int64]
    dense: Floats
    rows: NDArray[np.int64]
    pull: Floats
    words: NDArray[np.int64]
    table: WordTable

    def __len__(self) -> int:
        return len(self.offsets) - 1


class Scored(NamedTuple):
    """What the network made of one document.

    `scores` has a row a sentence. They are those of `batch` that begin at number `first`; `hidden` is what each
    network's hidden layer said of all sentences of the batch.
    """

    scores: Floats
    batch: Batch
    first: int
    hidden: tuple[Floats, ...]


@dataclass(slots=True)
class Vocabulary:
    """The n-grams that count, with their weights, and how common each word is."""

    singles: dict[str, int]
    pairs: dict[tuple[str, str], int]
    rarity: Floats
    commonness: dict[str, float]

    def __len__(self) -> int:
        return len(self.rarity)

    @classmethod
    def of(cls, sentences: Sequence[Sentence], least: int = 2) -> "Vocabulary":
        """Learn it from sentences: words that stand in at least `least` of them, and pairs that stand in one more.

        They are weighted by inverse frequency.
        """
        singles = Counter(word for words in sentences for word in set(words))
        pairs = Counter(pair for words in sentences for pair in set(pairwise(words)))
        kept = [word for word, count in sorted(singles.items()) if count >= least]
        joint = [pair for pair, count in sorted(pairs.items()) if count > least]
        counts = [*(singles[word] for word in kept), *(pairs[pair] for pair in joint)]
        rarity = [log((1 + len(sentences)) / (1 + count)) + 1 for count in counts]
        every = Counter(word for words in sentences for word in words)
        total = sum(every.values())
        return cls(
            {word: n for n, word in enumerate(kept)},
            {pair: n for n, pair in enumerate(joint, len(kept))},
            np.array(rarity, dtype=np.float32),
            {word: count / total for word, count in sorted(every.items()) if count >= least},
        )

    def ids(self, words: Sentence) -> list[int]:
        """Give the n-grams of a sentence that count, each once, in order."""
        found = {self.singles.get(word, -1) for word in words}
        found.update(self.pairs.get(pair, -1) for pair in pairwise(words))
        found.discard(-1)
        return sorted(found)


def sentences_of(stream: Stream) -> Iterator[Sentence]:
    """Give the words of each sentence."""
    for start, end in stream.sentences:
        yield stream.words[start:end]


def featurise(
    documents: Iterable[Sequence[Sentence]], vocabulary: Vocabulary, table: WordTable, encoder: Encoder | None = None
) -> Batch:
    """Turn documents, each a list of sentences, into one batch. An encoder's vectors take the place of the table's."""
    texts: list[str] = []
    ids: list[int] = []
    offsets, words, firsts = [0], [0], []
    rows: list[int] = []
    pulls: list[float] = []
    commonness = vocabulary.commonness
    for sentences in documents:
        for number, sentence in enumerate(sentences):
            texts.append(" ".join(sentence))
            ids.extend(vocabulary.ids(sentence))
            offsets.append(len(ids))
            rows.extend(table.rows(sentence))
            pulls.extend([SMOOTHING / (SMOOTHING + commonness.get(word, 0.0)) for word in sentence])
            words.append(len(rows))
            firsts.append(number == 0)
    row, offset, word = np.array(rows, np.int64), np.array(offsets), np.array(words)
    pull = np.array(pulls, np.float32) * (row != MISSING)
    weights, own = _weights(vocabulary, ids, offset), segment_sums(table.vectors(row) * pull[:, None], word)
    lengths = np.linalg.norm(own, axis=1) + 1e-9
    pull = (pull * SCALE / np.repeat(lengths, np.diff(word))).astype(np.float32)
    own = own / lengths[:, None]
    if encoder is not None and texts:
        own, pull = encoder.encode(texts), np.zeros_like(pull)
    dense = _dense(own, np.array(firsts, bool))
    return Batch(np.array(ids, np.int64), weights, offset, dense, row, pull, word, table)


def segment_sums(values: NDArray[Any], offsets: NDArray[np.int64]) -> NDArray[Any]:
    """Sum runs of rows; `offsets` says where each run begins, with one more at the end. Empty runs give zeros."""
    sums = np.zeros((len(offsets) - 1, *values.shape[1:]), dtype=values.dtype)
    filled = offsets[:-1] < offsets[1:]
    if filled.any():
        sums[filled] = np.add.reduceat(values, offsets[:-1][filled], axis=0)
    return sums


def _weights(vocabulary: Vocabulary, ids: list[int], offsets: NDArray[np.int64]) -> Floats:
    rarity = vocabulary.rarity[np.array(ids, np.int64)]
    lengths = np.sqrt(segment_sums(rarity**2, offsets)) + 1e-9
    return (SCALE * rarity / np.repeat(lengths, np.diff(offsets))).astype(np.float32)


def _dense(own: Floats, firsts: NDArray[np.bool_]) -> Floats:
    before = BEFORE * np.roll(own, 1, axis=0)
    before[firsts] = 0
    return np.asarray(SCALE * np.hstack([own, before]), np.float32)
