"""Neighbouring sentences of a document, cut into windows that the teacher reads at once, and laid out for it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nlp.learned.segments import Ints

PIECES_AT_ONCE = 1_500  # word pieces in a batch
TOGETHER = 800  # windows that are sorted by length at a time
NOBODY = -1  # whose a mark is, or what fills a row up

Pieces = list[list[int]]  # word pieces, sentence by sentence


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences of a document that are read together; the first `known` are told of elsewhere."""

    document: int
    first: int
    last: int
    known: int = 0


class Marks(NamedTuple):
    """What an encoder has before a text, behind each sentence, and to fill a row up."""

    opens: int
    closes: int
    fills: int


class Packed(NamedTuple):
    """Windows, a row each. `owner` is of each place, row after row, the number of its sentence in the batch."""

    ids: Ints
    mask: Ints
    owner: Ints


def windows(documents: Sequence[Pieces], longest: int, *, shifted: random.Random | None = None) -> list[Window]:
    """Cut documents into windows of at most so many word pieces, or of one new sentence, where that is longer.

    shifted: let windows be of any length from a quarter of that, so that a sentence stands at other places of its
    window, and among more or fewer others, from one epoch to the next. Else each window begins with the last sentence
    of the one before, which is told of there.
    """
    found = []
    for number, sentences in enumerate(documents):
        start = 0
        while start < len(sentences):
            most = shifted.randint(longest // 4, longest) if shifted else longest
            known = 1 if start and not shifted else 0
            size, end = sum(_length(each) for each in sentences[start - known : start + 1]), start + 1
            while end < len(sentences) and size + _length(sentences[end]) <= most:
                size += _length(sentences[end])
                end += 1
            found.append(Window(number, start - known, end, known))
            start = end
    return found


def batches(cut: Sequence[Window], documents: Sequence[Pieces]) -> Iterator[list[Window]]:
    """Put windows of about the same length together."""

    def length(each: Window) -> int:
        return 1 + sum(_length(sentence) for sentence in documents[each.document][each.first : each.last])

    for start in range(0, len(cut), TOGETHER):
        batch: list[Window] = []
        for each in sorted(cut[start : start + TOGETHER], key=length):
            if batch and length(each) * (len(batch) + 1) > PIECES_AT_ONCE:
                yield batch
                batch = []
            batch.append(each)
        yield batch


def pack(sentences: Sequence[Pieces], marks: Marks) -> Packed:
    """Lay the sentences of each window in a row, filled up to the longest."""
    width = 1 + max(sum(_length(each) for each in window) for window in sentences)
    ids = np.full((len(sentences), width), marks.fills, np.int64)
    mask, owner, count = np.zeros_like(ids), np.full_like(ids, NOBODY), 0
    for row, window in enumerate(sentences):
        ids[row, 0], at = marks.opens, 1
        for each in window:
            end = at + len(each)
            ids[row, at:end], ids[row, end], owner[row, at:end] = each, marks.closes, count
            at, count = end + 1, count + 1
        mask[row, :at] = 1
    return Packed(ids, mask, owner.ravel())


def _length(sentence: Sequence[int]) -> int:
    return len(sentence) + 1  # with the mark behind it
