"""Documents as columns of numbers: each is read once, and all of them together are counted in a few passes.

A reading holds no text: only which base forms of a patient's vocabulary stand where. It is a thousand times faster to
count than words are to be read, so what was read of older documents is used again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlp.motifs.background import Background, load_background
from nlp.motifs.candidates import NAME_SHARE, NOUN_SHARE, Key, keys_in
from nlp.motifs.places import Ints, Lying, lying

_SHIFT = 32
_LOW = (1 << _SHIFT) - 1


class Vocabulary:
    """Numbers for base forms, with what others' text says of each. It grows with what is read."""

    def __init__(self, background: Background | None = None) -> None:
        self.background = load_background() if background is None else background
        self.forms: list[str] = []
        self._numbers: dict[str, int] = {}
        self._often: list[int] = []
        self._nouns: list[int] = []

    def number(self, form: str) -> int:
        """Give a form's number, its next free one where it is new."""
        found = self._numbers.get(form)
        if found is None:
            found = self._numbers[form] = len(self.forms)
            self.forms.append(form)
            self._often.append(self.background.often((form,)))
            self._nouns.append(self.background.nouns.get(form, 0))
        return found

    def packed(self, key: Key) -> int:
        """Give a candidate as one number."""
        first, last = self.number(key[0]), self.number(key[-1])
        return last + 1 if len(key) == 1 else (first + 1) << _SHIFT | (last + 1)

    def key(self, packed: int) -> Key:
        """Give the candidate back."""
        first, last = packed >> _SHIFT, packed & _LOW
        return (self.forms[last - 1],) if not first else (self.forms[first - 1], self.forms[last - 1])

    def keep(self, readings: Iterable["Reading"]) -> None:
        """Forget every form that stands in none of these."""
        used = np.zeros(len(self.forms), dtype=bool)
        for each in readings:
            used[each.forms] = True
            for part in parts_of(each.keys):
                used[part] = True
        for number in np.flatnonzero(~used).tolist():
            self._numbers.pop(self.forms[number], None)
            self.forms[number] = ""

    def nouns(self) -> tuple[Ints, Ints]:
        """Tell of every form how often others write it, and how often as a noun."""
        return np.array(self._often, dtype=np.int64), np.array(self._nouns, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One document: its content words in order, and every candidate with its place (offsets in code points)."""

    forms: Ints
    nouns: Ints  # those of `forms` that stand as nouns
    names: Ints
    keys: Ints
    starts: Ints
    ends: Ints


def read_document(text: str, vocabulary: Vocabulary) -> Reading:
    """Read a text, in time linear in its length."""
    forms: list[int] = []
    nouns: list[int] = []
    names: list[int] = []
    places: list[tuple[int, int, int]] = []
    for word, candidates in keys_in(text):
        number = vocabulary.number(word.lemma)
        forms.append(number)
        if word.is_noun:
            nouns.append(number)
        if word.is_name:
            names.append(number)
        places += [(vocabulary.packed(key), start, end) for key, start, end in candidates]
    keys, starts, ends = ([place[column] for place in places] for column in range(3))
    return Reading(
        _small(forms), _small(nouns), _small(names), np.array(keys, dtype=np.int64), _small(starts), _small(ends)
    )


def _small(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, dtype=np.int32)


class Table:
    """Readings laid end to end, in the order of writing. `sequences` are the windows that they stand in.

    What may be a motif is one group of rows each: `keys[group]` packed, `times[group]` how often it counts.
    """

    def __init__(self, readings: Sequence[Reading], sequences: Sequence[int], vocabulary: Vocabulary) -> None:
        size = len(vocabulary.forms)
        self.forms = _counted([each.forms for each in readings], size)
        self.words = int(self.forms.sum())
        nouns = _counted([each.nouns for each in readings], size)
        names = _counted([each.names for each in readings], size)
        often, as_nouns = vocabulary.nouns()
        self._is_noun = (nouns > 0) & (nouns + as_nouns >= NOUN_SHARE * (self.forms + often))
        self._is_name = names >= NAME_SHARE * np.maximum(self.forms, 1)
        self._group(readings, np.array(sequences, dtype=np.int64))

    def _group(self, readings: Sequence[Reading], sequences: Ints) -> None:
        keys = _joined([each.keys for each in readings], np.int64)
        documents = np.repeat(np.arange(len(readings)), [len(each.keys) for each in readings])
        rows = np.flatnonzero(self._may_be(keys))
        rows = rows[np.argsort(keys[rows], kind="stable")]  # stable: within a group in the order of writing
        keys, documents = keys[rows], documents[rows]
        is_first = _changes(keys)
        is_new_document = is_first | _changes(documents)
        is_second = ~is_new_document & np.roll(is_new_document, 1)
        is_new_window = is_first | _changes(sequences[documents])
        begins = np.flatnonzero(is_first)
        in_documents, in_windows, times = (
            np.add.reduceat(each.astype(np.int64), begins) if len(begins) else np.zeros(0, np.int64)
            for each in (is_new_document, is_new_window, is_new_document | is_second)
        )
        kept = np.flatnonzero((in_documents > 1) & (in_windows > 1))
        ends = np.append(begins[1:], len(keys))
        self.keys, self.times = keys[begins[kept]], times[kept]
        self._from, self._to = begins[kept], ends[kept]
        self._documents, self._starts, self._ends = (
            documents,
            _joined([each.starts for each in readings], np.int32)[rows],
            _joined([each.ends for each in readings], np.int32)[rows],
        )

    def _may_be(self, keys: Ints) -> Ints:
        """Tell which have a noun in them and no name."""
        first, last = parts_of(keys)
        noun = self._is_noun[last] | self._is_noun[first]
        return noun & ~self._is_name[last] & ~self._is_name[first]

    def places(self, group: int) -> Lying:
        """Give the places of a group."""
        rows = slice(self._from[group], self._to[group])
        return lying(self._documents[rows], self._starts[rows], self._ends[rows])


def parts_of(keys: Ints) -> tuple[Ints, Ints]:
    """Give the two forms of packed candidates; of a single one the same twice."""
    first, last = keys >> _SHIFT, (keys & _LOW) - 1
    return np.where(first > 0, first - 1, last), last


def is_pair(keys: Ints) -> Ints:
    """Tell which are pairs."""
    found: Ints = keys >> _SHIFT > 0
    return found


def _joined(columns: Sequence[Ints], dtype: Any) -> Ints:
    return np.concatenate(columns) if columns else np.zeros(0, dtype)


def _counted(columns: Sequence[Ints], size: int) -> Ints:
    return np.bincount(_joined(columns, np.int32), minlength=size)


def _changes(values: Ints) -> Ints:
    """Tell where a value differs from the one before; the first always does."""
    found = np.ones(len(values), dtype=bool)
    found[1:] = values[1:] != values[:-1]
    return found
