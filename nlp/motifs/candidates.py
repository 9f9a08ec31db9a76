"""What may be a motif: single nouns, and pairs of content words that stand close together, in whatever order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from nlp.motifs.reading import Word, read_words

WINDOW = 4  # tokens from one word of a pair to the other: "a door that was blue"
NEIGHBOURS = 2  # content words that a word is paired with on either side
PER_DOCUMENT = 2  # what is said ten times in one entry is not yet ten times as much one's own
NOUN_SHARE, NAME_SHARE = 0.2, 0.5

Key = tuple[str, ...]  # one base form, or two in the order of the alphabet


class Place(NamedTuple):
    """Where a candidate stands: the number of its document, and offsets in code points."""

    document: int
    start: int
    end: int


@dataclass(slots=True)
class Counted:
    """All that was read: how often each base form stands, how often as a noun or a name, and where each candidate does.

    `words` counts the content words.
    """

    words: int = 0
    forms: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    nouns: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    names: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    places: dict[Key, list[Place]] = field(default_factory=lambda: defaultdict(list))

    def often(self, key: Key) -> int:
        """Count a candidate, at most twice a document."""
        return often(place.document for place in self.places[key])


def often(documents: Iterable[int]) -> int:
    """Count places by their documents, at most `PER_DOCUMENT` of each."""
    seen: dict[int, int] = defaultdict(int)
    for document in documents:
        seen[document] += 1
    return sum(min(count, PER_DOCUMENT) for count in seen.values())


def count(texts: Iterable[str]) -> Counted:
    """Read texts, each under its number, in time linear in their length."""
    counted = Counted()
    for number, text in enumerate(texts):
        for word, candidates in keys_in(text):
            counted.words += 1
            counted.forms[word.lemma] += 1
            counted.nouns[word.lemma] += word.is_noun
            counted.names[word.lemma] += word.is_name
            for key, start, end in candidates:
                counted.places[key].append(Place(number, start, end))
    return counted


def keys_in(text: str) -> Iterator[tuple[Word, list[tuple[Key, int, int]]]]:
    """Read a text's content words, each with the candidates that end with it: (key, start, end)."""
    recent: list[Word] = []
    for word in read_words(text):
        found: list[tuple[Key, int, int]] = [((word.lemma,), word.start, word.end)]
        for other in _near(word, recent):
            key = (other.lemma, word.lemma) if other.lemma < word.lemma else (word.lemma, other.lemma)
            found.append((key, other.start, word.end))
        yield word, found
        recent = [*recent[1 - NEIGHBOURS :], word]


def _near(word: Word, recent: list[Word]) -> Iterator[Word]:
    for other in recent:
        is_close = word.place - other.place <= WINDOW and word.stretch == other.stretch
        if is_close and word.lemma != other.lemma:
            yield other
