"""The figures: what was found of the labelled (sentence, theme) pairs, by sentence and by document.

A mention belongs to the labelled sentence that holds its middle; several of one theme in one sentence count once, and
the one with the highest score gives the assertion.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from nlp.documents import Document
from nlp.findings import Assertion, Mention
from nlp.taxonomy import load_taxonomy

MACRO_SUPPORT = 5  # labelled sentences that a theme needs to count in the macro average
AFFIRMED = frozenset({Assertion.AFFIRMED})
ALARMING = frozenset({Assertion.AFFIRMED, Assertion.HYPOTHETICAL})

Pairs = dict[tuple[int, str], Assertion]


@dataclass(frozen=True, slots=True)
class Judged:
    """One document: labelled pairs, found pairs (sentence number, theme), and mentions that met no sentence."""

    document: Document
    truth: Pairs
    found: Pairs
    stray: int


@dataclass(slots=True)
class Tally:
    """Right, too many, missed."""

    right: int = 0
    false: int = 0
    missed: int = 0

    def add(self, truth: Collection[object], found: Collection[object]) -> None:
        """Count two sets of things against each other."""
        shared = len(set(truth) & set(found))
        self.right += shared
        self.false += len(found) - shared
        self.missed += len(truth) - shared

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return ratio(self.right, self.right + self.false)

    @property
    def recall(self) -> float:
        """The share of what is there that was found."""
        return ratio(self.right, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return ratio(2 * self.right, 2 * self.right + self.false + self.missed)


def ratio(part: int, whole: int) -> float:
    """Divide; nothing of nothing is all of it."""
    return part / whole if whole else 1.0


def judge(document: Document, mentions: Iterable[Mention]) -> Judged:
    """Lay a document's mentions upon its labelled sentences."""
    truth = {
        (number, theme): assertion
        for number, sentence in enumerate(document.sentences)
        for theme, assertion in sentence.themes.items()
    }
    best: dict[tuple[int, str], tuple[float, Assertion]] = {}
    stray = 0
    for mention in mentions:
        middle = (mention.start + mention.end - 1) // 2
        number = next((n for n, s in enumerate(document.sentences) if s.start <= middle < s.end), None)
        if number is None:
            stray += 1
            continue
        pair, score = (number, mention.theme), round(mention.score, 4)  # as it is written out
        if pair not in best or score > best[pair][0]:
            best[pair] = (score, mention.assertion)
    return Judged(document, truth, {pair: assertion for pair, (_, assertion) in best.items()}, stray)


def by_theme(judged: Iterable[Judged]) -> dict[str, Tally]:
    """Count pairs theme by theme, in the taxonomy's order."""
    tallies = {theme: Tally() for theme in load_taxonomy().themes}
    for one in judged:
        for theme in {theme for _, theme in one.truth.keys() | one.found.keys()}:
            tallies[theme].add(_of(one.truth, theme), _of(one.found, theme))
    return tallies


def _of(pairs: Pairs, theme: str) -> set[int]:
    return {number for number, each in pairs if each == theme}


def _by_document(judged: Iterable[Judged], wanted: Collection[Assertion], themes: Collection[str]) -> Tally:
    tally = Tally()
    for one in judged:
        tally.add(
            *({t for (_, t), a in pairs.items() if a in wanted and t in themes} for pairs in (one.truth, one.found))
        )
    return tally


def assertions(judged: Iterable[Judged]) -> Counter[tuple[Assertion, Assertion]]:
    """Count (labelled, found) assertions over the pairs that both have."""
    return Counter((one.truth[pair], one.found[pair]) for one in judged for pair in one.truth.keys() & one.found.keys())


def scores(judged: Sequence[Judged]) -> dict[str, float | int]:
    """Give the figures, in the order and under the names in which they are reported."""
    taxonomy = load_taxonomy()
    tallies = by_theme(judged)
    total = Tally(*(sum(getattr(each, part) for each in tallies.values()) for part in ("right", "false", "missed")))
    scored = [each for each in tallies.values() if each.right + each.missed >= MACRO_SUPPORT]
    shared = assertions(judged)
    weak = {pair: count for pair, count in shared.items() if pair[0] is not Assertion.AFFIRMED}
    leaked = sum(count for (_, found), count in weak.items() if found is Assertion.AFFIRMED)
    safety = _by_document(judged, ALARMING, taxonomy.safety)
    return {
        "documents": len(judged),
        "sentences": sum(len(one.document.sentences) for one in judged),
        "gold_pairs": total.right + total.missed,
        "precision": total.precision,
        "recall": total.recall,
        "micro_f1": total.f1,
        "macro_f1": sum(each.f1 for each in scored) / len(scored) if scored else 1.0,
        "macro_themes": len(scored),
        "doc_micro_f1": _by_document(judged, AFFIRMED, taxonomy.themes).f1,
        "assertion_accuracy": ratio(sum(n for (a, b), n in shared.items() if a is b), sum(shared.values())),
        "negated_leak": leaked / sum(weak.values()) if weak else 0.0,
        "safety_recall": safety.recall,
        "safety_precision": safety.precision,
        "stray_mentions": sum(one.stray for one in judged),
    }
