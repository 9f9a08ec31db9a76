"""Motifs: what one patient keeps coming back to in words of their own, each with its passages."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log, sqrt

import numpy as np

from nlp.motifs.background import Background
from nlp.motifs.candidates import NEIGHBOURS, Key
from nlp.motifs.keyness import keyness, keyness_of_all
from nlp.motifs.places import Ints, Lying, apart, overlap, widened
from nlp.motifs.tables import Reading, Table, Vocabulary, is_pair, parts_of, read_document
from nlp.recurrence.windows import Window, sequences_for

THRESHOLD = 2.75
SESSIONS = DOCUMENTS = 2
SHARED = 0.5  # this share of places that overlap makes one motif of two candidates
WORDINGS = 10
_ROUNDING = 1e-6  # numpy's logarithms and Python's may differ in the last place; the latter decide


@dataclass(frozen=True, slots=True)
class MotifDocument:
    """A text that somebody wrote, and when; the time is zoned."""

    document_id: str
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document that has been read, and when it was written; the time is zoned."""

    document_id: str
    written_at: datetime
    reading: Reading


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a motif stands; offsets are Unicode code points of the document's text."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Motif:
    """An image or phrase that returns. `label` is its most frequent wording, `passages` are in the order of writing."""

    label: str
    wordings: tuple[str, ...]
    session_count: int
    document_count: int
    score: float
    first_seen: datetime
    last_seen: datetime
    passages: tuple[Passage, ...]


# Gives the words of passages, in the same order.
Quote = Callable[[Sequence[Passage]], Sequence[str]]


@dataclass(slots=True)
class _Candidate:
    key: Key
    score: float
    places: Lying


def find_motifs(
    documents: Iterable[MotifDocument], windows: Sequence[Window], background: Background | None = None
) -> list[Motif]:
    """Find one patient's motifs, those most their own first.

    `windows` as `nlp.recurrence.windows_of` lays them, documents in any order. A motif stands in at least two windows
    and two documents, and its z-score against other people's text is at least `THRESHOLD`.
    """
    texts = list(documents)
    if not may_have_motifs((each.written_at for each in texts), windows):
        return []
    vocabulary, by_id = Vocabulary(background), {each.document_id: each.text for each in texts}
    read = [ReadDocument(each.document_id, each.written_at, read_document(each.text, vocabulary)) for each in texts]
    return motifs_in(
        read, windows, vocabulary, lambda asked: [by_id[each.document_id][each.start : each.end] for each in asked]
    )


def may_have_motifs(times: Iterable[datetime], windows: Sequence[Window]) -> bool:
    """Tell whether anything was written in windows enough, so that it is worth reading."""
    return len(set(sequences_for(windows, times))) >= SESSIONS


def motifs_in(
    documents: Iterable[ReadDocument], windows: Sequence[Window], vocabulary: Vocabulary, quote: Quote
) -> list[Motif]:
    """Find the same in documents that have been read already, all with this vocabulary.

    Words are asked for, of all motifs at once, only where a motif stands.
    """
    found = standing_motifs(documents, windows, vocabulary)
    return found.described(range(len(found.chosen)), quote)


def standing_motifs(documents: Iterable[ReadDocument], windows: Sequence[Window], vocabulary: Vocabulary) -> "Standing":
    """Find where motifs stand, those most a patient's own first; which of them are described, the caller says."""
    in_order = sorted(documents, key=lambda each: (each.written_at, each.document_id))
    sequences = sequences_for(windows, [each.written_at for each in in_order])
    if len(set(sequences)) < SESSIONS:
        return Standing(in_order, sequences, [])
    table = Table([each.reading for each in in_order], sequences, vocabulary)
    return Standing(in_order, sequences, _collapsed(sorted(_candidates(table, vocabulary), key=_rank)))


@dataclass(frozen=True, slots=True)
class Standing:
    """Motifs as they stand in documents, which are in the order of writing, each in its window."""

    documents: Sequence[ReadDocument]
    sequences: Sequence[int]
    chosen: Sequence[_Candidate]

    def described(self, which: Sequence[int], quote: Quote) -> list[Motif]:
        """Describe some of them. Words are asked for of these alone, of all at once."""
        places = [apart(self.chosen[each].places).places() for each in which]
        passages = [
            [Passage(self.documents[place.document].document_id, place.start, place.end) for place in there]
            for there in places
        ]
        words = iter(quote([passage for there in passages for passage in there]))
        return [
            self._motif(self.chosen[each].score, [place.document for place in there], said, [next(words) for _ in said])
            for each, there, said in zip(which, places, passages, strict=True)
        ]

    def _motif(self, score: float, there: Sequence[int], passages: Sequence[Passage], words: Sequence[str]) -> Motif:
        """Describe one; `there` are the numbers of the documents that its passages stand in."""
        wordings: Counter[str] = Counter()
        for each, count in Counter(words).items():
            wordings[" ".join(each.lower().split())] += count
        ranked = sorted(wordings, key=lambda wording: (-wordings[wording], len(wording), wording))
        return Motif(
            label=ranked[0],
            wordings=tuple(ranked[:WORDINGS]),
            session_count=len({self.sequences[each] for each in there}),
            document_count=len(set(there)),
            score=score,
            first_seen=self.documents[there[0]].written_at,  # passages are in the order of writing
            last_seen=self.documents[there[-1]].written_at,
            passages=tuple(passages),
        )


def _rank(candidate: _Candidate) -> tuple[float, int, Key]:
    """The best score first; of equal ones what spans more, so that "old iron gate" comes before "iron gate"."""
    places = candidate.places
    width = int((places.ends - places.starts).sum()) // len(places.starts)
    return -candidate.score, -width, candidate.key


def _candidates(table: Table, vocabulary: Vocabulary) -> list[_Candidate]:
    """Give the candidates that reach the threshold, and those that share a word with one: they may widen it."""
    first, last = parts_of(table.keys)
    scores = {group: _score(group, table, vocabulary) for group in _promising(table, vocabulary).tolist()}
    best = [group for group, score in scores.items() if score >= THRESHOLD]
    taken = np.zeros(len(vocabulary.forms), dtype=bool)
    taken[first[best]] = taken[last[best]] = True
    return [
        _Candidate(
            vocabulary.key(int(table.keys[group])),
            scores[group] if group in scores else _score(group, table, vocabulary),
            table.places(group),
        )
        for group in np.flatnonzero(taken[first] | taken[last]).tolist()
    ]


def _promising(table: Table, vocabulary: Vocabulary) -> Ints:
    """Name the groups whose scores, reckoned for all at once, come near the threshold."""
    first, last = parts_of(table.keys)
    by_chance = 2.0 * NEIGHBOURS * table.forms[first] * table.forms[last] / max(table.words, 1)
    beyond_chance = np.log(table.times / by_chance) * np.sqrt(table.times)
    near = np.flatnonzero(~is_pair(table.keys) | (beyond_chance >= THRESHOLD - _ROUNDING))
    background = vocabulary.background
    others = np.array([background.often(vocabulary.key(each)) for each in table.keys[near].tolist()], dtype=np.int64)
    keys = keyness_of_all(table.times[near], table.words, others, background.words)
    found: Ints = near[keys >= THRESHOLD - _ROUNDING]
    return found


def _score(group: int, table: Table, vocabulary: Vocabulary) -> float:
    """Compare with others' text; a pair also with how often its words would meet by chance in the patient's own."""
    key, times = vocabulary.key(int(table.keys[group])), int(table.times[group])
    background = vocabulary.background
    score = keyness(times, table.words, background.often(key), background.words)
    if len(key) == 1:
        return score
    first, second = (int(table.forms[vocabulary.number(form)]) for form in key)
    by_chance = 2 * NEIGHBOURS * first * second / table.words
    return min(score, log(times / by_chance) * sqrt(times))


def _collapsed(ranked: Iterable[_Candidate]) -> list[_Candidate]:
    """Let candidates that stand in the same places be one: the best, its places widened to what the others span.

    Those below the threshold, which are no motifs, may still widen one: a door that is mostly blue is a blue door.
    """
    chosen: list[_Candidate] = []
    by_form: dict[str, list[_Candidate]] = defaultdict(list)
    for candidate in ranked:
        rivals = [rival for form in candidate.key for rival in by_form[form]]
        taken = next((rival for rival in rivals if overlap(candidate.places, rival.places) >= SHARED), None)
        if taken is None:
            if candidate.score < THRESHOLD:
                continue
            chosen.append(candidate)
            for form in candidate.key:
                by_form[form].append(candidate)
        elif overlap(taken.places, candidate.places) >= SHARED:
            taken.places = widened(taken.places, candidate.places)
    return chosen
