"""What the network makes of short phrases: filters over three words at a time, the strongest place of each kept.

Kim, "Convolutional neural networks for sentence classification", EMNLP 2014: one layer of filters over word vectors
that stay as they are, and the maximum over a sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nlp.learned.features import UNKNOWN, Batch
from nlp.learned.segments import Ints, segment_maxima, spread
from nlp.learned.word_table import MISSING, Floats, WordTable

WINDOW = 3  # words: the one before, the word, the one after


@dataclass(frozen=True, slots=True)
class Rows:
    """The words of sentences in one row, with a missing word before, between and behind sentences.

    `opens[i]` and `closes[i]` are where sentence `i` begins and ends among the windows; the window at place `n` is
    around word `n + 1` of the row.
    """

    words: Ints
    opens: Ints
    closes: Ints

    @classmethod
    def of(cls, batch: Batch) -> "Rows":
        """Lay a batch's words out."""
        lengths = np.diff(batch.words)
        gaps = np.arange(len(lengths))
        words = np.full(len(batch.rows) + len(lengths) + 1, MISSING, np.int64)
        words[np.arange(len(batch.rows)) + np.repeat(gaps, lengths) + 1] = batch.rows
        return cls(words, batch.words[:-1] + gaps, batch.words[1:] + gaps)

    @property
    def inside(self) -> Ints:
        """Where the windows around words are, without those between sentences."""
        return spread(self.opens, self.closes - self.opens)


@dataclass(frozen=True, slots=True)
class Heard:
    """What filters make of the words of some sentences.

    different: the rows of the different words in the word table. parts: what filters make of each of them, for each
    place in a window, shape (different words, filters). place: which of them stands at each place of the rows.
    strongest: the most that each filter makes of any window of each sentence, shape (sentences, filters). told: how
    strongly it speaks there, never below nothing.
    """

    rows: Rows
    different: Ints
    parts: tuple[Floats, ...]
    place: Ints
    strongest: Floats
    told: Floats


class Common(NamedTuple):
    """What filters make of the commonest words, worked out once: these are most of the different words of a text.

    slots: for each row of the word table, where it stands among these, or UNKNOWN. parts: as in `Heard`.
    """

    slots: Ints
    parts: tuple[Floats, ...]

    @classmethod
    def of(cls, rows: Ints, table: WordTable, filters: Any) -> "Common":
        """Work it out for the words in some rows of a table."""
        different = np.unique(rows)
        slots = np.full(len(table) + 1, UNKNOWN, np.int64)
        slots[different] = np.arange(len(different))
        vectors = table.vectors(different)
        return cls(slots, tuple(vectors @ each for each in filters))


def _parts_of(table: WordTable, rows: Ints, filters: Any, common: Common | None) -> tuple[Floats, ...]:
    if common is None:
        vectors = table.vectors(rows)
        return tuple(vectors @ each for each in filters)
    slots = common.slots[rows]
    is_known = slots >= 0
    vectors, slots = table.vectors(rows[~is_known]), slots[is_known]
    parts = []
    for known, each in zip(common.parts, filters, strict=True):
        part = np.empty((len(rows), each.shape[1]), np.float32)
        part[is_known] = known.take(slots, axis=0)
        part[~is_known] = vectors @ each
        parts.append(part)
    return tuple(parts)


def hear(
    batch: Batch, filters: Any, bias: Any, kept: float = 1.0, common: Common | None = None
) -> tuple[Heard, Floats]:
    """Give how strongly each filter speaks in each sentence; and what each makes of each window, for training.

    filters: shape (WINDOW, width of the table, filters). kept: the share of words that are looked at, for training.
    common: what the same filters make of the commonest words, if known.
    """
    rows = Rows.of(batch)
    words = rows.words
    if kept < 1:
        words = np.where(np.random.random(words.shape) < kept, words, MISSING)  # noqa: NPY002 -- thinc seeds it
    # Each word is multiplied once, however often it stands there.
    unique, place = np.unique(words, return_inverse=True)
    parts = _parts_of(batch.table, unique, filters, common)
    windows = windows_of(parts, place)
    strongest = segment_maxima(windows, rows.opens, rows.closes)
    told = np.maximum(strongest + bias, 0) * (rows.opens < rows.closes)[:, None]
    return Heard(rows, unique, parts, place, strongest, np.asarray(told, np.float32)), windows


def windows_of(parts: tuple[Floats, ...], place: Ints) -> Floats:
    """Give what filters make of each window over a row of words."""
    before, itself, after = parts
    windows = before.take(place[:-2], axis=0)  # twice as fast as by index
    windows += itself.take(place[1:-1], axis=0)
    windows += after.take(place[2:], axis=0)
    return windows


def read_phrases(
    batch: Batch, filters: Any, bias: Any, kept: float = 1.0
) -> tuple[Floats, Callable[[Floats], tuple[Any, Any]]]:
    """Give how strongly each filter speaks in each sentence, as `hear` does, for training.

    The other value takes a gradient and gives those of filters and bias.
    """
    heard, windows = hear(batch, filters, bias, kept)
    rows, told = heard.rows, heard.told

    def backprop(gradient: Floats) -> tuple[Any, Any]:
        gradient = gradient * (told > 0)
        lengths, inside = rows.closes - rows.opens, rows.inside
        window, column = np.nonzero(windows[inside] == np.repeat(heard.strongest, lengths, axis=0))
        said = gradient[np.repeat(np.arange(len(lengths)), lengths)[window], column]
        # Added up by the different words first, of which there are far fewer than windows.
        seen, size = batch.table.vectors(heard.different), (len(heard.different), gradient.shape[1])
        by_filter = []
        for offset in range(WINDOW):
            at = heard.place[inside[window] + offset] * size[1] + column
            along = np.bincount(at, said, minlength=size[0] * size[1]).reshape(size)
            by_filter.append(seen.T @ along.astype(np.float32))
        return np.stack(by_filter), gradient.sum(axis=0)

    return told, backprop


def shares_of_phrases(heard: Heard, sentences: Ints, filters: Ints, direction: Floats) -> Any:
    """Split what some filters say of some sentences upon their words.

    sentences: their numbers. filters: for each, which are asked, shape (sentences, asked). direction: what the voice of
    each counts for, of the same shape. A filter has its say from one window, whose words have their own parts in it.
    Gives each word's part, one sentence after the other.
    """
    rows, strongest = heard.rows, _strongest(heard, sentences, filters)
    counts = np.where(np.take_along_axis(heard.told[sentences], filters, axis=1) > 0, direction, 0)
    lengths = (rows.closes - rows.opens)[sentences]
    opens, ends, last = rows.opens[sentences][:, None], np.cumsum(lengths), np.maximum(lengths - 1, 0)[:, None]
    shares = np.zeros(int(lengths.sum()))
    for offset, part in enumerate(heard.parts):
        words = strongest + offset - 1  # beyond a sentence stands a missing word, whose part is nothing
        standing = heard.place.take(opens + words + 1, mode="clip")
        said = part.ravel().take(standing * part.shape[1] + filters) * counts
        at = (ends - lengths)[:, None] + np.clip(words, 0, last)
        shares += np.bincount(at.ravel(), said.ravel(), minlength=len(shares))[: len(shares)]
    return shares


def _strongest(heard: Heard, sentences: Ints, filters: Ints) -> Ints:
    """Give the window of each sentence from which each filter has its say: the first, where several are as strong."""
    rows = heard.rows
    lengths = (rows.closes - rows.opens)[sentences]
    windows, owner = spread(rows.opens[sentences], lengths), np.repeat(np.arange(len(sentences)), lengths)
    asked = filters[owner]
    # Only what is asked is looked up, added in the order of `windows_of`, so that the strongest is met to the bit.
    made = np.zeros(asked.shape, heard.strongest.dtype)
    for offset, part in enumerate(heard.parts):
        made += part.ravel().take(heard.place[windows + offset, None] * part.shape[1] + asked)
    is_strongest = made == np.take_along_axis(heard.strongest[sentences], filters, axis=1)[owner]
    row, column = (each[::-1] for each in np.nonzero(is_strongest))  # of what is written twice, the last stays
    strongest = np.zeros(filters.shape, np.int64)
    strongest[owner[row], column] = (windows - rows.opens[sentences][owner])[row]
    return strongest
