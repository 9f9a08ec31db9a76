"""Which sentences of a text an edit leaves as they were, and how far they move."""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from operator import itemgetter

from nlp.sentences import sentences_in


def moves(before: str, after: str, places: Sequence[tuple[int, int]]) -> list[int | None]:
    """Tell by how many code points each place in a text moves with its sentence.

    None where the sentence does not stay as it was, word for word. No two sentences become the same one.
    """
    if not places:
        return []
    kept = sorted(_pairs(_placed(before), _placed(after)))
    found: list[int | None] = []
    for start, end in places:
        number = bisect_right(kept, start, key=itemgetter(0)) - 1
        old, new, words = kept[number] if number >= 0 else (0, 0, "")
        found.append(new - old if end <= old + len(words) else None)
    return found


def _placed(text: str) -> deque[tuple[str, int]]:
    return deque((text[start:end], start) for start, end in sentences_in(text))


def _pairs(old: deque[tuple[str, int]], new: deque[tuple[str, int]]) -> Iterator[tuple[int, int, str]]:
    """Pair what lies before the edit and behind it; of the rest, the first that says the same with the first."""
    while old and new and old[0][0] == new[0][0]:
        (words, before), (_, after) = old.popleft(), new.popleft()
        yield before, after, words
    while old and new and old[-1][0] == new[-1][0]:
        (words, before), (_, after) = old.pop(), new.pop()
        yield before, after, words
    free: dict[str, deque[int]] = defaultdict(deque)
    for words, after in new:
        free[words].append(after)
    for words, before in old:
        if free[words]:
            yield before, free[words].popleft(), words
