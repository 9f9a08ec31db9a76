"""All lines at once over a stream of words: an automaton whose transitions are worked out once and then looked up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from nlp.patterns import NUMBER, Element, Gap

# Beyond this many states the table is emptied and grows anew: memory stays bounded whatever is read.
MAX_STATES = 50_000
NUMBER_WORDS = frozenset(
    {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
    | {"thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty"}
    | {"forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "dozen"}
)
UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line found in a stream: words `start` to `end`, exclusive."""

    line: int
    start: int
    end: int


def is_number(word: str) -> bool:
    """Tell whether a word is a number in digits or letters."""
    return word[:1].isdigit() or word in NUMBER_WORDS


class Automaton:
    """Many lines compiled into one non-deterministic automaton, made deterministic as texts ask for it.

    The subset construction of Rabin and Scott (1959), done lazily. Reading a stream takes time linear in its length,
    since a line spans a bounded number of words. Threads may read with one automaton at the same time.
    """

    def __init__(self, lines: Iterable[Sequence[Element]]) -> None:
        self._edges: list[dict[str, list[int]]] = []
        self._any: list[list[int]] = []
        self._skips: list[list[int]] = []
        self._final: dict[int, int] = {}
        self._first: dict[str, list[int]] = {}
        for number, elements in enumerate(lines):
            self._add(number, elements)
        self._known, self._lock = _Known(), Lock()

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """All words that any line can tell apart."""
        return frozenset(word for edges in self._edges for word in edges)

    # --- building ---------------------------------------------------------------------------------

    def _node(self) -> int:
        self._edges.append({})
        self._any.append([])
        self._skips.append([])
        return len(self._edges) - 1

    def _add(self, number: int, elements: Sequence[Element]) -> None:
        here = start = self._node()
        for element in elements:
            after = self._node()
            if isinstance(element, Gap):
                self._add_gap(here, after, element.longest)
            else:
                for words in element.alternatives:
                    self._add_words(here, after, words)
                if element.is_optional:
                    self._skips[here].append(after)
            here = after
        self._final[here] = number
        for word, targets in self._edges[start].items():
            self._first.setdefault(word, []).extend(targets)

    def _add_words(self, here: int, after: int, words: Sequence[str]) -> None:
        for word in words[:-1]:
            between = self._node()
            self._edges[here].setdefault(word, []).append(between)
            here = between
        self._edges[here].setdefault(words[-1], []).append(after)

    def _add_gap(self, here: int, after: int, longest: int) -> None:
        self._skips[here].append(after)
        for _ in range(longest):
            step = self._node()
            self._any[here].append(step)
            self._skips[step].append(after)
            here = step

    # --- reading ----------------------------------------------------------------------------------

    def find(self, words: Sequence[str], start: int, end: int) -> list[Hit]:
        """Find every line in words `start` to `end`; of a line from one place, the shortest reach only."""
        symbols = [self._symbol(word) for word in words[start:end]]
        hits: list[Hit] = []
        known = self._known  # held on to: another thread may begin a new one
        opening = known.table[0]
        for first, symbol in enumerate(symbols):
            if symbol is not UNKNOWN and opening.get(symbol, 0) is not None:
                self._from(known, first, symbols, start, hits)
        return hits

    def _symbol(self, word: str) -> str:
        if word in self.vocabulary:
            return word
        return NUMBER if is_number(word) else UNKNOWN

    def _from(self, known: "_Known", first: int, symbols: Sequence[str], offset: int, hits: list[Hit]) -> None:
        state = 0
        seen: set[int] = set()
        table, lines = known.table, known.lines
        for place in range(first, len(symbols)):
            symbol = symbols[place]
            try:
                following = table[state][symbol]
            except KeyError:
                following = self._next(known, state, symbol)
            if following is None:
                return
            state = following
            for line in lines[state]:
                if line not in seen:
                    seen.add(line)
                    hits.append(Hit(line, first + offset, place + 1 + offset))

    def _next(self, known: "_Known", state: int, symbol: str) -> int | None:
        """Work a transition out, one thread at a time; it is seen by others when all that it leads to is there."""
        with self._lock:
            target = self._work_out(known, known.members[state], symbol, is_start=state == 0)
            known.table[state][symbol] = target
            return target

    def _work_out(self, known: "_Known", members: Iterable[int], symbol: str, *, is_start: bool) -> int | None:
        reached: set[int] = set()
        symbols = (symbol, NUMBER) if symbol != NUMBER and is_number(symbol) else (symbol,)
        for word in symbols:
            if is_start:
                reached.update(self._first.get(word, ()))
                continue
            for node in members:
                reached.update(self._edges[node].get(word, ()))
        for node in members:
            reached.update(self._any[node])
        return self._state(known, self._closed(reached)) if reached else None

    def _closed(self, nodes: set[int]) -> frozenset[int]:
        waiting = list(nodes)
        while waiting:
            for node in self._skips[waiting.pop()]:
                if node not in nodes:
                    nodes.add(node)
                    waiting.append(node)
        return frozenset(nodes)

    def _state(self, known: "_Known", members: frozenset[int]) -> int:
        if members not in known.states:
            known.states[members] = len(known.members)
            known.members.append(members)
            known.table.append({})
            known.lines.append(tuple(sorted(self._final[node] for node in members if node in self._final)))
        return known.states[members]

    def rest(self) -> None:
        """Begin a new table of transitions if this one has grown too large. To be called between texts."""
        if len(self._known.members) > MAX_STATES:
            self._known = _Known()


class _Known:
    """What has been worked out so far: states by the nodes that they stand for, and where each symbol leads."""

    def __init__(self) -> None:
        self.states: dict[frozenset[int], int] = {}
        self.members: list[frozenset[int]] = [frozenset()]
        self.table: list[dict[str, int | None]] = [{}]
        self.lines: list[tuple[int, ...]] = [()]
