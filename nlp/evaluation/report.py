"""What stands beside the figures: by theme, by kind, by assertion, what is taken for what, and the worst sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence

from nlp.evaluation.scoring import Judged, assertions, by_theme, scores
from nlp.findings import Assertion

CONFUSIONS, WORST = 20, 20


def report(judged: Sequence[Judged]) -> Iterator[str]:
    """Give the report line by line. It quotes the documents: it is for whoever may read them."""
    yield from _themes(judged)
    yield from _kinds(judged)
    yield from _assertions(judged)
    yield from _confusions(judged)
    yield from _worst(judged)


def _themes(judged: Sequence[Judged]) -> Iterator[str]:
    yield "by theme                 gold  precision  recall     f1"
    tallies = by_theme(judged)
    for theme, tally in sorted(tallies.items(), key=lambda each: each[1].f1):
        gold = tally.right + tally.missed
        if gold or tally.false:
            yield f"  {theme:22} {gold:5}      {tally.precision:.2f}    {tally.recall:.2f}   {tally.f1:.2f}"


def _kinds(judged: Sequence[Judged]) -> Iterator[str]:
    yield "by kind                  documents  micro_f1  doc_micro_f1  assertion_accuracy"
    for kind in ("journal", "note"):
        some = [one for one in judged if one.document.kind == kind]
        if some:
            found = scores(some)
            figures = f"{found['micro_f1']:8.2f}  {found['doc_micro_f1']:12.2f}  {found['assertion_accuracy']:18.2f}"
            yield f"  {kind:22} {len(some):9}  {figures}"


def _assertions(judged: Sequence[Judged]) -> Iterator[str]:
    counts = assertions(judged)
    yield "by assertion (labelled down, found across)" + "".join(f"{each.value:>14}" for each in Assertion)
    for truth in Assertion:
        cells = "".join(f"{counts[truth, found]:14}" for found in Assertion)
        yield f"  {truth.value:40}{cells}"


def _confusions(judged: Sequence[Judged]) -> Iterator[str]:
    """Count, in the sentences that went wrong, which missed theme stands beside which false one."""
    taken: Counter[tuple[str, str]] = Counter()
    for one in judged:
        for number in range(len(one.document.sentences)):
            missed, false = _amiss(one, number)
            taken.update((theme, other) for theme in missed or ["(nothing)"] for other in false or ["(nothing)"])
    del taken["(nothing)", "(nothing)"]
    yield "confusions (labelled -> found instead)"
    for (theme, other), count in taken.most_common(CONFUSIONS):
        yield f"  {count:4}  {theme} -> {other}"


def _amiss(one: Judged, number: int) -> tuple[list[str], list[str]]:
    truth = {theme for place, theme in one.truth if place == number}
    found = {theme for place, theme in one.found if place == number}
    return sorted(truth - found), sorted(found - truth)


def _worst(judged: Sequence[Judged]) -> Iterator[str]:
    yield "worst sentences (- missed, + false)"
    ranked = sorted(
        ((one, number, *_amiss(one, number)) for one in judged for number in range(len(one.document.sentences))),
        key=lambda each: -len(each[2]) - len(each[3]),
    )
    for one, number, missed, false in ranked[:WORST]:
        if missed or false:
            sentence = one.document.sentences[number]
            signs = " ".join([*(f"-{theme}" for theme in missed), *(f"+{theme}" for theme in false)])
            yield f"  {signs}\n    {one.document.id}: {one.document.text[sentence.start : sentence.end]}"
