"""Mentions and words per window and voice, and how strongly a theme's mentions come in bunches."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nlp.findings import Assertion, DocumentKind
from nlp.recurrence.windows import Window, window_for

# How many companions a mention has in its bunch where the documents do not tell yet, and the number of mentions
# that this belief weighs. Who says a thing twice in one entry has still said it on one occasion.
USUAL_COMPANIONS = 1.0
BELIEF = 4.0


@dataclass(frozen=True, slots=True)
class Writing:
    """A document in scope, with mentions or without: without it, silence and not writing would look the same."""

    document_id: str
    written_at: datetime
    words: int
    source: DocumentKind


@dataclass(frozen=True, slots=True)
class Sighting:
    """A mention of a theme, as far as recurrence needs it. Rejected mentions must be left out by the caller."""

    mention_id: str
    document_id: str
    theme: str
    assertion: Assertion
    score: float
    written_at: datetime
    source: DocumentKind
    is_confirmed: bool
    start: int = 0  # where it stands in its document, `end` exclusive
    end: int = 0

    def overlaps(self, other: "Sighting") -> bool:
        """Tell whether two mentions of one document share some of its words."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Tally:
    """Mentions among words, of one voice."""

    mentions: int = 0
    words: int = 0


Voices = Mapping[DocumentKind, Tally]


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was written: words per window (by sequence) and voice, and each voice's evenness of document length."""

    words: Mapping[int, Mapping[DocumentKind, int]]
    # The chance that two words of a voice, drawn at random, stand in the same document: 1 when there is only one.
    same_document: Mapping[DocumentKind, float]


def exposure_of(windows: Sequence[Window], writings: Iterable[Writing]) -> Exposure:
    """Count words; a window is a key where anything was written, even if nothing in it counts as a word."""
    words: dict[int, Counter[DocumentKind]] = defaultdict(Counter)
    total: Counter[DocumentKind] = Counter()
    squares: Counter[DocumentKind] = Counter()
    for writing in writings:
        words[window_for(windows, writing.written_at).sequence][writing.source] += writing.words
        total[writing.source] += writing.words
        squares[writing.source] += writing.words**2
    return Exposure(words, {voice: squares[voice] / count**2 for voice, count in total.items() if count})


def bunching_of(exposure: Exposure, sightings: Iterable[Sighting]) -> float:
    """Estimate how many mentions make one independent occasion: at least 1.

    Compares the pairs of mentions which share a document with those that would if the mentions lay evenly over the
    voice's words, and leans on `USUAL_COMPANIONS` while mentions are few or all stand in the only document.
    """
    by_document = Counter((sighting.source, sighting.document_id) for sighting in sightings)
    per_voice: Counter[DocumentKind] = Counter()
    for (voice, _), count in by_document.items():
        per_voice[voice] += count
    return bunching_from(exposure, per_voice, sum(count * (count - 1) for count in by_document.values()))


def bunching_from(exposure: Exposure, per_voice: Mapping[DocumentKind, int], pairs: int) -> float:
    """Estimate the same from counts: mentions by voice, and ordered pairs of mentions that share a document."""
    excess, room = float(pairs), 0.0
    for voice, count in sorted(per_voice.items()):
        by_chance = exposure.same_document.get(voice, 1.0)
        excess -= count * (count - 1) * by_chance
        room += count * (1 - by_chance)
    return 1 + max(0.0, (BELIEF * USUAL_COMPANIONS + excess) / (BELIEF + room))
