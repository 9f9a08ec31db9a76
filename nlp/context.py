"""The pipeline's component that decides assertions: the ConText algorithm over the stream of words.

Harkema, Dowling, Thornblade and Chapman, "ConText: an algorithm for determining negation, experiencer, and temporal
status from clinical reports", J Biomed Inform 42 (2009) 839; rules as data after Chapman et al., "Extending the NegEx
lexicon for multiple languages", Stud Health Technol Inform 192 (2013) 677.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from nlp.context_rules import SENTENCE_START, ContextRule, ContextRules, load_context_rules
from nlp.findings import Assertion
from nlp.learned.assertions import NEAR, AssertionModel, Seen
from nlp.learned.labels import turned
from nlp.learned.theme_model import SCORES
from nlp.matching import Automaton
from nlp.taxonomy import SUICIDALITY, load_taxonomy
from nlp.theme_finder import FOUND, STREAM, Found
from nlp.words import Stream

KIND = "nlp.kind"


class Decided(NamedTuple):
    """An assertion, and the words added to a mention's `because` to explain it ("" where nothing modified it).

    `gap` counts the words between the mention and the cue that turned it.
    """

    assertion: Assertion
    because: str
    gap: int = 0


class Cue(NamedTuple):
    """A rule met at words `start` to `end`, and the words `reach` to `limit` that are in its scope."""

    rule: ContextRule
    start: int
    end: int
    reach: int = 0
    limit: int = 0

    def holds(self, other: "Cue") -> bool:
        """Tell whether the other cue lies inside this one and is shorter."""
        is_longer = self.end - self.start > other.end - other.start
        return is_longer and self.start <= other.start and other.end <= self.end

    def replaces(self, other: "Cue", kind: str) -> bool:
        """Tell whether it stands for a shorter one in it. In notes ": no" looks back, and "no" ahead: "Exam: no SI"."""
        looks_elsewhere = self.rule.direction == "backward" and other.rule.direction == "forward"
        return self.holds(other) and not (looks_elsewhere and kind == "note")

    def modifies(self, found: Found) -> bool:
        """Tell whether a mention is in scope; a cue that the mention itself contains says nothing about it."""
        start, end = found.core
        if start < self.end and self.start < end:
            return False
        is_in_scope = self.reach <= start < self.limit or self.reach < end <= self.limit
        return is_in_scope and self.rule.may_reach(found.theme)


DECIDED = "nlp.decided"
PLAIN = Decided(Assertion.AFFIRMED, "")
ANSWERS = dict.fromkeys(("no", "nope", "nah", "never", "none", "denies", "denied"), Assertion.NEGATED) | dict.fromkeys(
    ("yes", "yeah", "yep", "yup", "sometimes", "often", "daily"), Assertion.AFFIRMED
)
MODEL = "assertions.json"
CERTAIN = 0.9  # how sure that is; chosen on independent_1.txt and writers_*.txt (docs/model_card.md)


class Context:
    """Leaves a `Decided` for every theme found in `doc.user_data`.

    A question takes the answer that the next sentence gives. Of all else the rules have their say, and the trained part
    settles it from that, the words around and the network's view. It must be certain to take for affirmed what they
    turn, to overrule a "not" that stands right beside a mention, and to turn a safety theme. Of these the rules have
    the last word where they turn one, so that what is denied by a word never alarms; and suicidality in the words of a
    line is never turned by what was learned: where texts are written to teach, "I want to die" is mostly denied. Nor is
    a line denied for a "not" of its own.
    """

    def __init__(self, rules: ContextRules) -> None:
        self._rules = rules.rules
        self._precedence = {assertion: rank for rank, assertion in enumerate(rules.precedence)}
        self._automaton = Automaton(rule.elements for rule in rules.rules)
        self._safety = frozenset(load_taxonomy().safety)
        self._columns = {theme: column for column, theme in enumerate(load_taxonomy().themes)}
        self.model: AssertionModel | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Decide the assertion of every theme found."""
        self._decide_all([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Do so for many documents, whose mentions the trained part settles at once, which is quicker."""
        for docs in minibatch(stream, batch_size):  # type: ignore[no-untyped-call]
            together = list(docs)
            self._decide_all(together)
            yield from together

    def _decide_all(self, docs: Sequence[Doc]) -> None:
        self._automaton.rest()
        for doc in docs:
            kind = doc.user_data.get(KIND, "journal")
            doc.user_data[DECIDED] = self.decide(doc.user_data[STREAM], doc.user_data[FOUND], kind)
        if self.model is None:
            return
        seen = [one for doc in docs for one in self.seen(doc, doc.user_data[DECIDED])]
        learned = iter(self.model.settle(seen))
        for doc in docs:
            both = zip(doc.user_data[DECIDED], doc.user_data[FOUND], strict=True)
            doc.user_data[DECIDED] = [self._settle(next(learned), decided, one) for decided, one in both]

    def seen(self, doc: Doc, decided: Sequence[Decided]) -> Iterator[Seen]:
        """Give each mention as the trained part sees it."""
        stream, kind = doc.user_data[STREAM], doc.user_data.get(KIND, "journal")
        found: Sequence[Found] = doc.user_data[FOUND]
        sentences, themes = [one.sentence for one in found], [self._columns[one.theme] for one in found]
        views = turned(doc.user_data[SCORES].scores, sentences, themes).tolist()
        for number, group in groupby(zip(found, decided, views, strict=True), key=lambda each: each[0].sentence):
            start, end = stream.sentences[number]
            words = stream.words[start:end]  # one tuple for all, so that the model reads them once
            for one, each, view in group:
                opens, closes = one.core
                core = (opens - start, closes - start)
                yield Seen(words, core, one.theme, kind, each.assertion, each.gap, one.strength, view)

    def _settle(self, learned: tuple[Assertion, float], decided: Decided, one: Found) -> Decided:
        said, chance = learned
        is_safety = one.theme in self._safety
        if one.strength == "denied" or (is_safety and decided.assertion is not Assertion.AFFIRMED):
            return decided
        if one.theme == SUICIDALITY and one.line:
            return decided
        if is_safety and one.line and one.line.says_not and said is Assertion.NEGATED:
            return decided  # "not safe with him": the "not" is part of what is said
        if load_taxonomy().themes[one.theme].includes_lack and said is Assertion.NEGATED:
            return decided  # those who wrote the corpus often called it a denial
        is_plain = decided.gap <= NEAR and decided.assertion is Assertion.NEGATED  # "not afraid"
        must_be_certain = is_plain or is_safety or said is Assertion.AFFIRMED
        if said is decided.assertion or (must_be_certain and chance < CERTAIN):
            return decided
        return Decided(said, f"{decided.because}; {said.value} as learned, {chance:.2f}", decided.gap)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write what was learned."""
        del exclude
        if self.model is not None:
            Path(path).mkdir(parents=True, exist_ok=True)
            self.model.write(Path(path) / MODEL)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "Context":
        """Read what was learned, if anything."""
        del exclude
        if (Path(path) / MODEL).exists():
            self.model = AssertionModel.read(Path(path) / MODEL)
        return self

    def decide(self, stream: Stream, found: Sequence[Found], kind: str) -> list[Decided]:
        """Decide the assertions of mentions, which come sentence by sentence."""
        decided: list[Decided] = []
        for number, group in groupby(found, key=attrgetter("sentence")):
            beside = list(group)
            cues = list(self._cues(stream.words, stream.sentences[number], beside, kind))
            answer = _answer(stream, number)
            decided.extend(answer or self._decide(one, cues) for one in beside)
        return decided

    def _decide(self, one: Found, cues: Sequence[Cue]) -> Decided:
        if one.strength == "denied":
            return Decided(Assertion.NEGATED, "; negated by the line itself")
        in_force = [cue for cue in cues if cue.modifies(one)]
        if not in_force:
            return PLAIN
        cue = min(in_force, key=lambda each: (self._precedence[_assertion(each)], each.start, each.end))
        said = _assertion(cue)
        gap = max(one.core[0] - cue.end, cue.start - one.core[1], 0)
        return Decided(said, f"; {said.value} by {cue.rule.written!r}", gap)

    def _cues(
        self, words: Sequence[str], sentence: tuple[int, int], found: Sequence[Found], kind: str
    ) -> Iterator[Cue]:
        real = self._met(words, sentence, kind)
        pseudo = [cue for cue in real if cue.rule.role == "pseudo"]
        if pseudo:
            real = [cue for cue in real if cue.rule.role != "pseudo" and not any(p.holds(cue) for p in pseudo)]
        modifiers = [cue for cue in real if cue.rule.role == "modifier"]
        if not modifiers:
            return
        terminators = [cue for cue in real if cue.rule.role == "terminator"]
        for cue in modifiers:
            if any(other.replaces(cue, kind) for other in modifiers) or _is_spent(cue, found):
                continue
            stops = [t for t in terminators if _assertion(cue) in t.rule.stops]
            yield from _scopes(cue, sentence, stops)

    def _met(self, words: Sequence[str], sentence: tuple[int, int], kind: str) -> list[Cue]:
        start, end = sentence
        marked = (SENTENCE_START, *words[start:end])
        met = [
            (self._rules[line], max(opens - 1, 0) + start, closes - 1 + start)
            for line, opens, closes in self._automaton.find(marked, 0, len(marked))
        ]
        return [Cue(rule, opens, closes) for rule, opens, closes in met if rule.kind in {None, kind}]


def _answer(stream: Stream, number: int) -> Decided | None:
    """Give what the next sentence answers to one that asks: "SI? No." Where that says more, it speaks for itself."""
    end = stream.sentences[number][1]
    if stream.words[end - 1] != "?" or number + 1 == len(stream.sentences):
        return None
    first, *more = stream.words[slice(*stream.sentences[number + 1])]
    if first not in ANSWERS or (more and more[0].isalnum()):
        return None
    return Decided(ANSWERS[first], f"; {ANSWERS[first].value} by the answer {first!r}", NEAR + 1)


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
