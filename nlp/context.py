"""The pipeline's component that decides assertions: the ConText algorithm over the stream of words.

Harkema, Dowling, Thornblade and Chapman, "ConText: an algorithm for determining negation, experiencer, and temporal
status from clinical reports", J Biomed Inform 42 (2009) 839; rules as data after Chapman et al., "Extending the NegEx
lexicon for multiple languages", Stud Health Technol Inform 192 (2013) 677.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from spacy.language import Language
from spacy.tokens import Doc

from nlp.context_rules import SENTENCE_START, ContextRule, ContextRules, load_context_rules
from nlp.findings import Assertion
from nlp.learned.theme_model import SCORES, TURNED, chances
from nlp.matching import Automaton
from nlp.taxonomy import load_taxonomy
from nlp.theme_finder import FOUND, STREAM, Found
from nlp.words import Stream

KIND = "nlp.kind"


@dataclass(frozen=True, slots=True)
class Decided:
    """An assertion, and the words added to a mention's `because` to explain it ("" where nothing modified it).

    `gap` counts the words between the mention and the cue that turned it.
    """

    assertion: Assertion
    because: str
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Cue:
    """A rule met at words `start` to `end`, and the words `reach` to `limit` that are in its scope."""

    rule: ContextRule
    start: int
    end: int
    reach: int = 0
    limit: int = 0

    def holds(self, other: "Cue") -> bool:
        """Tell whether the other cue lies inside this one and is shorter."""
        is_longer = self.end - self.start > other.end - other.start
        return self.start <= other.start and other.end <= self.end and is_longer

    def modifies(self, found: Found) -> bool:
        """Tell whether a mention is in scope; a cue that the mention itself contains says nothing about it."""
        start, end = found.core
        if start < self.end and self.start < end:
            return False
        is_in_scope = self.reach <= start < self.limit or self.reach < end <= self.limit
        return is_in_scope and self.rule.may_reach(found.theme)


DECIDED = "nlp.decided"
# The network's chance that something in the sentence is so asserted: under the first, a cue that reaches a theme is
# taken to be about something else; over the second, a theme that no cue reaches is turned. Set on writers left out of
# training.
DOUBTFUL, CERTAIN = 0.03, 0.5
NEAR = 1  # a cue with no more than one word between, as in "no wine", is never doubted


class Context:
    """Leaves a `Decided` for every theme found in `doc.user_data`.

    The rules decide; where the trained part is sure of the contrary, it decides. Only of safety themes the rules have
    the last word, so that what is denied by a word never alarms.
    """

    def __init__(self, rules: ContextRules) -> None:
        self._rules = rules.rules
        self._precedence = {assertion: rank for rank, assertion in enumerate(rules.precedence)}
        self._automaton = Automaton(rule.elements for rule in rules.rules)
        self._safety = frozenset(load_taxonomy().safety)

    def __call__(self, doc: Doc) -> Doc:
        """Decide the assertion of every theme found."""
        self._automaton.rest()
        kind = doc.user_data.get(KIND, "journal")
        found = doc.user_data[FOUND]
        decided = self.decide(doc.user_data[STREAM], found, kind)
        if SCORES in doc.user_data:
            turned = chances(doc.user_data[SCORES][0][:, -len(TURNED) :]).tolist()
            decided = [
                self._reconsider(one, each, turned[one.sentence]) for one, each in zip(found, decided, strict=True)
            ]
        doc.user_data[DECIDED] = decided
        return doc

    def _reconsider(self, one: Found, decided: Decided, turned: Sequence[float]) -> Decided:
        """Let the network's view of the sentence weigh in."""
        if one.theme in self._safety or one.strength == "denied":
            return decided
        if decided.assertion is Assertion.AFFIRMED:
            chance, said = max(zip(turned, TURNED, strict=True))
            return Decided(Assertion(said), f"; {said} as learned, {chance:.2f}") if chance > CERTAIN else decided
        if decided.gap > NEAR and turned[TURNED.index(decided.assertion.value)] < DOUBTFUL:
            return Decided(Assertion.AFFIRMED, f"{decided.because}, not taken up as learned")
        return decided

    def decide(self, stream: Stream, found: Sequence[Found], kind: str) -> list[Decided]:
        """Decide the assertions of mentions, which come sentence by sentence."""
        decided: list[Decided] = []
        for number, group in groupby(found, key=attrgetter("sentence")):
            beside = list(group)
            cues = list(self._cues(stream.words, stream.sentences[number], beside, kind))
            decided.extend(self._decide(one, cues) for one in beside)
        return decided

    def _decide(self, one: Found, cues: Sequence[Cue]) -> Decided:
        if one.strength == "denied":
            return Decided(Assertion.NEGATED, "; negated by the line itself")
        in_force = [cue for cue in cues if cue.modifies(one)]
        ranked = sorted((self._precedence[_assertion(cue)], cue.start, cue.end, n) for n, cue in enumerate(in_force))
        if not ranked:
            return Decided(Assertion.AFFIRMED, "")
        cue = in_force[ranked[0][-1]]
        said = _assertion(cue)
        gap = max(one.core[0] - cue.end, cue.start - one.core[1], 0)
        return Decided(said, f"; {said.value} by {cue.rule.written!r}", gap)

    def _cues(
        self, words: Sequence[str], sentence: tuple[int, int], found: Sequence[Found], kind: str
    ) -> Iterator[Cue]:
        met = self._met(words, sentence, kind)
        pseudo = [cue for cue in met if cue.rule.role == "pseudo"]
        real = [cue for cue in met if cue.rule.role != "pseudo" and not any(p.holds(cue) for p in pseudo)]
        terminators = [cue for cue in real if cue.rule.role == "terminator"]
        modifiers = [cue for cue in real if cue.rule.role == "modifier"]
        for cue in modifiers:
            if any(other.holds(cue) for other in modifiers) or _is_spent(cue, found):
                continue
            stops = [t for t in terminators if _assertion(cue) in t.rule.stops]
            yield from _scopes(cue, sentence, stops)

    def _met(self, words: Sequence[str], sentence: tuple[int, int], kind: str) -> list[Cue]:
        start, end = sentence
        marked = (SENTENCE_START, *words[start:end])
        return [
            Cue(self._rules[hit.line], max(hit.start - 1, 0) + start, hit.end - 1 + start)
            for hit in self._automaton.find(marked, 0, len(marked))
            if self._rules[hit.line].kind in {None, kind}
        ]


def _assertion(cue: Cue) -> Assertion:
    return cue.rule.assertion or Assertion.AFFIRMED


def _is_spent(cue: Cue, found: Sequence[Found]) -> bool:
    """Tell whether a negation is used up by a mention that contains it: "can't sleep" denies nothing after it."""
    is_negation = cue.rule.assertion is Assertion.NEGATED
    return is_negation and any(one.core[0] <= cue.start and cue.end <= one.core[1] for one in found)


def _scopes(cue: Cue, sentence: tuple[int, int], stops: Sequence[Cue]) -> Iterator[Cue]:
    if cue.rule.direction in {"forward", "both"}:
        limit = min(sentence[1], cue.end + cue.rule.scope)
        limit = min([limit, *(stop.start for stop in stops if stop.start >= cue.end)])
        yield Cue(cue.rule, cue.start, cue.end, cue.end, limit)
    if cue.rule.direction in {"backward", "both"}:
        reach = max(sentence[0], cue.start - cue.rule.scope)
        reach = max([reach, *(stop.end for stop in stops if stop.end <= cue.start)])
        yield Cue(cue.rule, cue.start, cue.end, reach, cue.start)


@Language.factory("context")
def make_context(nlp: Language, name: str) -> Context:  # noqa: ARG001 -- spaCy calls it by these names
    """Make the component from the rules of the package."""
    return Context(load_context_rules())
