"""Motifs: what one patient keeps coming back to in words of their own, each with its passages."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log, sqrt

from nlp.motifs.background import Background, load_background
from nlp.motifs.candidates import NAME_SHARE, NEIGHBOURS, NOUN_SHARE, Counted, Key, Place, count, often
from nlp.motifs.keyness import keyness
from nlp.motifs.places import apart, overlap, widened
from nlp.recurrence.windows import Window, window_for

THRESHOLD = 2.75
SESSIONS = DOCUMENTS = 2
SHARED = 0.5  # this share of places that overlap makes one motif of two candidates
WORDINGS = 10


@dataclass(frozen=True, slots=True)
class MotifDocument:
    """A text that somebody wrote, and when; the time is zoned."""

    document_id: str
    text: str
    written_at: datetime


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


@dataclass(slots=True)
class _Candidate:
    key: Key
    score: float
    places: list[Place]


def find_motifs(
    documents: Iterable[MotifDocument], windows: Sequence[Window], background: Background | None = None
) -> list[Motif]:
    """Find one patient's motifs, those most their own first.

    `windows` as `nlp.recurrence.windows_of` lays them, documents in any order. A motif stands in at least two windows
    and two documents, and its z-score against other people's text is at least `THRESHOLD`.
    """
    in_order = sorted(documents, key=lambda each: (each.written_at, each.document_id))
    sequences = [window_for(windows, each.written_at).sequence for each in in_order]
    if len(set(sequences)) < SESSIONS:
        return []
    counted = count(each.text for each in in_order)
    candidates = _candidates(counted, sequences, background or load_background())
    chosen = _collapsed(sorted(candidates, key=_rank))
    return [_motif(each, in_order, sequences) for each in chosen]


def _rank(candidate: _Candidate) -> tuple[float, int, Key]:
    """The best score first; of equal ones what spans more, so that "old iron gate" comes before "iron gate"."""
    width = sum(place.end - place.start for place in candidate.places) // len(candidate.places)
    return -candidate.score, -width, candidate.key


def _candidates(counted: Counted, sequences: Sequence[int], background: Background) -> list[_Candidate]:
    nouns = {form for form in counted.forms if _is_noun(form, counted, background)}
    found = []
    for key, places in counted.places.items():
        if nouns.isdisjoint(key) or any(_is_name(form, counted) for form in key):
            continue
        documents = {place.document for place in places}
        if len(documents) < DOCUMENTS or len({sequences[each] for each in documents}) < SESSIONS:
            continue
        score = _score(key, often(place.document for place in places), counted, background)
        found.append(_Candidate(key, score, places))
    return found


def _is_noun(form: str, counted: Counted, background: Background) -> bool:
    """Tell whether a form is used as a noun, here at least once, and often enough, here and by others."""
    as_noun = counted.nouns[form]
    all_told = as_noun + background.nouns.get(form, 0)
    return as_noun > 0 and all_told >= NOUN_SHARE * (counted.forms[form] + background.often((form,)))


def _is_name(form: str, counted: Counted) -> bool:
    return counted.names[form] >= NAME_SHARE * counted.forms[form]


def _score(key: Key, times: int, counted: Counted, background: Background) -> float:
    """Compare with others' text; a pair also with how often its words would meet by chance in the patient's own."""
    score = keyness(times, counted.words, background.often(key), background.words)
    if len(key) == 1:
        return score
    first, second = (counted.forms[form] for form in key)
    by_chance = 2 * NEIGHBOURS * first * second / counted.words
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


def _motif(candidate: _Candidate, documents: Sequence[MotifDocument], sequences: Sequence[int]) -> Motif:
    places = apart(candidate.places)
    wordings = Counter(
        " ".join(documents[place.document].text[place.start : place.end].lower().split()) for place in places
    )
    ranked = sorted(wordings, key=lambda wording: (-wordings[wording], len(wording), wording))
    numbers = sorted({place.document for place in places})
    return Motif(
        label=ranked[0],
        wordings=tuple(ranked[:WORDINGS]),
        session_count=len({sequences[number] for number in numbers}),
        document_count=len(numbers),
        score=candidate.score,
        first_seen=documents[numbers[0]].written_at,
        last_seen=documents[numbers[-1]].written_at,
        passages=tuple(Passage(documents[place.document].document_id, place.start, place.end) for place in places),
    )
