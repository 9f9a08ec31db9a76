"""All lines at once over a stream of words: an automaton whose transitions are worked out once and then looked up."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from threading import Lock
from typing import NamedTuple, Optional

from nlp.patterns import NUMBER, Element, Gap

# Beyond this many states, or words, what was worked out is forgotten and grows anew: memory stays bounded.
MAX_STATES = 50_000
MAX_WORDS = 50_000
NUMBER_WORDS = frozenset(
    {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
    | {"thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty"}
    | {"forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "dozen"}
)
UNKNOWN = ""
_NONE: tuple[int, ...] = ()
END = "\n"  # behind the last word, where every line ends


class Hit(NamedTuple):
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
        self._lock = Lock()
        self._symbols, self._opening = _Symbols(self), self._begin()

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
        symbol_of, opening = self._symbols.__getitem__, self._opening  # another thread may begin new ones
        symbols = [*map(symbol_of, words[start:end]), END]
        hits: list[Hit] = []
        for first, begun in enumerate(map(opening.__getitem__, symbols)):
            state, place, seen = begun, first, _NONE
            while state is not None:
                place += 1
                if state.lines:
                    hits += [Hit(line, first + start, place + start) for line in state.lines if line not in seen]
                    seen += state.lines
                state = state[symbols[place]]
        return hits

    def symbol(self, word: str) -> str:
        """Give what a word is to the lines: itself, any number, or none of their words."""
        if word in self.vocabulary:
            return word
        return NUMBER if is_number(word) else UNKNOWN

    def next(self, state: "_State", symbol: str) -> Optional["_State"]:
        """Work a transition out, one thread at a time; it is seen by others when all that it leads to is there."""
        with self._lock:
            target = None if symbol is END else self._work_out(state, symbol)
            state[symbol] = target
            return target

    def _work_out(self, state: "_State", symbol: str) -> Optional["_State"]:
        reached: set[int] = set()
        symbols = (symbol, NUMBER) if symbol != NUMBER and is_number(symbol) else (symbol,)
        for word in symbols:
            if not state.members:
                reached.update(self._first.get(word, ()))
            for node in state.members:
                reached.update(self._edges[node].get(word, ()))
        for node in state.members:
            reached.update(self._any[node])
        if not reached:
            return None
        members = self._closed(reached)
        if members not in state.known:
            lines = tuple(sorted(self._final[node] for node in members if node in self._final))
            state.known[members] = _State(self, members, lines, state.known)
        return state.known[members]

    def _closed(self, nodes: set[int]) -> frozenset[int]:
        waiting = list(nodes)
        while waiting:
            for node in self._skips[waiting.pop()]:
                if node not in nodes:
                    nodes.add(node)
                    waiting.append(node)
        return frozenset(nodes)

    def _begin(self) -> "_State":
        return _State(self, frozenset(), (), {})

    def rest(self) -> None:
        """Forget what was worked out if that has grown too large. To be called between texts."""
        if len(self._opening.known) > MAX_STATES:
            self._opening = self._begin()
        if len(self._symbols) > MAX_WORDS:
            self._symbols = _Symbols(self)


class _Symbols(dict[str, str]):
    """What each word met so far is to the lines."""

    def __init__(self, automaton: Automaton) -> None:
        super().__init__()
        self._automaton = automaton

    def __missing__(self, word: str) -> str:
        symbol = self[word] = self._automaton.symbol(word)
        return symbol


class _State(dict[str, Optional["_State"]]):
    """Where each symbol met here leads, None being nowhere; the rest is worked out when it is met.

    members: the nodes that it stands for, none at the beginning of a line. lines: those that end here. known: all
    states that were worked out together.
    """

    __slots__ = ("_automaton", "known", "lines", "members")

    def __init__(
        self,
        automaton: Automaton,
        members: frozenset[int],
        lines: tuple[int, ...],
        known: dict[frozenset[int], "_State"],
    ) -> None:
        super().__init__()
        self._automaton, self.members, self.lines, self.known = automaton, members, lines, known

    def __missing__(self, symbol: str) -> Optional["_State"]:
        return self._automaton.next(self, symbol)
