"""What the trained part sees of a sentence: its words and pairs of words, and where they lie among all words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from math import log

import numpy as np

from nlp.learned.encoder import Encoder
from nlp.learned.segments import Ints, beside, starts_of
from nlp.learned.word_table import MISSING, Floats, WordTable
from nlp.words import Stream

# Smooth inverse frequency: Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings",
# ICLR 2017; they find 0.0001 to 0.001 to do well.
SMOOTHING = 1e-3
BEFORE = 0.5  # how much the sentence before counts beside the sentence itself
SCALE = 5.0  # both parts have length 1 by nature, which is small for the optimiser

LEAST = 3  # sentences that a word must stand in to count
LEAST_PAIR = 12  # and a pair of words
UNKNOWN = -1  # the number of an n-gram that does not count

Sentence = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences as numbers.

    `ids` and `weights` list the n-grams of all sentences one after the other; `offsets[i]` is where those of sentence
    `i` begin, with one more at the end. `dense` has a row a sentence: its vector, then that of the sentence before.
    `pull` is what a word's vector is multiplied with in its sentence, a number a word, in the order of the words.
    `rows` are the words' rows in `table`, and `singles` and `pairs` the n-grams that each word is and begins (UNKNOWN
    where that does not count); `words[i]` is where the words of
    sentence `i` begin, and `documents[i]` where the sentences of document `i` do, each with one more at the end.
    """

    ids: Ints
    weights: Floats
    offsets: Ints
    dense: Floats
    rows: Ints
    pull: Floats
    singles: Ints
    pairs: Ints
    words: Ints
    documents: Ints
    table: WordTable

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(slots=True)
class Vocabulary:
    """The n-grams that count: words, numbered in order, and behind them pairs of these.

    rarity: what an n-gram weighs. commonness: of each word, its share of all words. joint: of each pair, the number of
    its first word times the number of words, plus that of its second; in order, as the pairs are.
    """

    singles: dict[str, int]
    joint: Ints
    rarity: Floats
    commonness: Floats

    def __len__(self) -> int:
        return len(self.rarity)

    @classmethod
    def empty(cls) -> "Vocabulary":
        """Make one that knows nothing."""
        return cls({}, np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.float32))

    @classmethod
    def of(cls, sentences: Sequence[Sentence], least: int = LEAST, least_pair: int = LEAST_PAIR) -> "Vocabulary":
        """Learn it from sentences: words and pairs of these that stand in at least so many of them.

        They are weighted by inverse frequency.
        """
        singles = Counter(word for words in sentences for word in set(words))
        pairs = Counter(pair for words in sentences for pair in set(pairwise(words)))
        kept = [word for word, count in sorted(singles.items()) if count >= least]
        joint = [pair for pair, count in sorted(pairs.items()) if count >= max(least, least_pair)]
        counts = [*(singles[word] for word in kept), *(pairs[pair] for pair in joint)]
        rarity = [log((1 + len(sentences)) / (1 + count)) + 1 for count in counts]
        every = Counter(word for words in sentences for word in words)
        numbers = {word: n for n, word in enumerate(kept)}
        return cls(
            numbers,
            np.array([numbers[first] * len(kept) + numbers[second] for first, second in joint], np.int64),
            np.array(rarity, np.float32),
            np.array([every[word] / every.total() for word in kept], np.float32),
        )

    def singles_of(self, words: Iterable[str]) -> Ints:
        """Number words."""
        number = self.singles.get
        return np.array([number(word, UNKNOWN) for word in words], np.int64)

    def commonest(self, count: int) -> list[str]:
        """Name the words that are met most."""
        words = list(self.singles)
        return [words[n] for n in np.argsort(-self.commonness, kind="stable")[:count].tolist()]

    def pairs_of(self, singles: Ints) -> Ints:
        """Number the pair that each word begins with the next; the last begins none."""
        found = np.full(len(singles), UNKNOWN, np.int64)
        if len(singles) and len(self.joint):
            keys = singles[:-1] * len(self.singles) + singles[1:]
            at = np.minimum(np.searchsorted(self.joint, keys), len(self.joint) - 1)
            known = (singles[:-1] >= 0) & (singles[1:] >= 0) & (self.joint[at] == keys)
            found[:-1][known] = at[known] + len(self.singles)
        return found

    def pull_of(self, singles: Ints) -> Floats:
        """Give what each word's vector counts: the less, the commoner it is."""
        if not len(self.commonness):
            return np.ones(len(singles), np.float32)
        share = np.where(singles >= 0, self.commonness[singles], 0)
        return np.asarray(SMOOTHING / (SMOOTHING + share), np.float32)


def sentences_of(stream: Stream) -> Iterator[Sentence]:
    """Give the words of each sentence."""
    for start, end in stream.sentences:
        yield stream.words[start:end]


def featurise(
    documents: Iterable[Sequence[Sentence]], vocabulary: Vocabulary, table: WordTable, encoder: Encoder | None = None
) -> Batch:
    """Turn documents, each a list of sentences, into one batch. An encoder's vectors take the place of the table's."""
    given = [list(sentences) for sentences in documents]
    sentences = list(chain.from_iterable(given))
    words = starts_of(np.array([len(each) for each in sentences], np.int64))
    every = list(chain.from_iterable(sentences))
    singles, row = vocabulary.singles_of(every), np.array(table.rows(every), np.int64)
    pairs = vocabulary.pairs_of(singles)
    pairs[words[1:][np.diff(words) > 0] - 1] = UNKNOWN  # the last word of a sentence begins no pair
    ids, offsets = _each_once(singles, pairs, words, len(vocabulary))
    pull = vocabulary.pull_of(singles) * (row != MISSING)
    weights, own = _weights(vocabulary, ids, offsets), table.sums(row, pull, words)
    lengths = np.linalg.norm(own, axis=1) + 1e-9
    pull = (pull * SCALE / np.repeat(lengths, np.diff(words))).astype(np.float32)
    own = own / lengths[:, None]
    if encoder is not None:
        texts, none = [" ".join(each) for each in sentences], np.zeros((0, encoder.width), np.float32)
        own, pull = encoder.encode(texts) if texts else none, np.zeros_like(pull)
    opens = starts_of(np.array([len(each) for each in given], np.int64))
    return Batch(ids, weights, offsets, _dense(own, opens), row, pull, singles, pairs, words, opens, table)


def _each_once(singles: Ints, pairs: Ints, words: Ints, size: int) -> tuple[Ints, Ints]:
    """Give the n-grams of each sentence, each once, in order; and where those of each sentence begin."""
    sentences = np.arange(len(words)) * max(size, 1)  # a number of its own for each n-gram of each sentence
    first = np.repeat(sentences[:-1], np.diff(words))
    keys = np.unique(np.concatenate([first[known] + each[known] for each in (singles, pairs) for known in [each >= 0]]))
    return keys % max(size, 1), np.searchsorted(keys, sentences)


def _weights(vocabulary: Vocabulary, ids: Ints, offsets: Ints) -> Floats:
    rarity, counts = vocabulary.rarity[ids], np.diff(offsets)
    squares = np.bincount(np.repeat(np.arange(len(counts)), counts), rarity**2, minlength=len(counts))
    return (SCALE * rarity / np.repeat(np.sqrt(squares) + 1e-9, counts)).astype(np.float32)


def _dense(own: Floats, documents: Ints) -> Floats:
    return np.asarray(SCALE * np.hstack([own, BEFORE * beside(own, documents, 1)]), np.float32)
