"""Scoring: answers in, total and band out. Pure; an answer that is missing is never taken for a zero."""

from collections.abc import Sequence
from dataclasses import dataclass

from integration_api.measures.catalogue import Band, Measure, SafetyItem
from integration_api.wording import Sentence

Answers = Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Score:
    """What the answers come to. `total` and `band` are None where an answer is missing."""

    total: int | None
    band: Band | None
    answered: int
    items: int


def faults_of(measure: Measure, answers: Answers, gate: int | None) -> dict[str, str]:
    """Say what is wrong with answers, by the place in the body that it stands in (a JSON pointer)."""
    if (gate is not None) != (measure.gate is not None):
        return {
            "/gate": Sentence("The measure asks this first: 0 or 1.")
            if measure.gate
            else Sentence("The measure has no such question.")
        }
    if len(answers) != len(measure.items):
        return {
            "/answers": Sentence(
                "The measure has {n} items: one answer each, null where there is none.", n=len(measure.items)
            )
        }
    allowed = ", ".join(str(value) for value in sorted(measure.values))
    found: dict[str, str] = {
        f"/answers/{place}": Sentence(
            "Item {number}: one of {allowed}, or null.", number=measure.items[place].number, allowed=allowed
        )
        for place, answer in enumerate(answers)
        if answer is not None and answer not in measure.values
    }
    if gate == 0 and any(answer is not None for answer in answers):
        found["/answers"] = Sentence("After a no to the first question the others are not asked: null each.")
    if gate is None and all(answer is None for answer in answers):
        found["/answers"] = Sentence("Nothing is answered yet.")
    return found


def score(measure: Measure, answers: Answers, gate: int | None = None) -> Score:
    """Add the answers up as the authors say. Where one is missing there is no total (`missing = "no_score"`)."""
    given = [answer for answer in answers if answer is not None]
    is_whole = len(given) == len(measure.items)
    total = 0 if gate == 0 else sum(given) if is_whole else None
    band = None if total is None else measure.band_of(total)
    return Score(total, band, len(given), len(measure.items))


def safety_of(measure: Measure, answers: Answers) -> list[tuple[SafetyItem, int]]:
    """Find the answers that somebody must see soon, whatever the total is and whatever else is missing."""
    if not answers:  # they could not be opened
        return []
    by_number = {item.number: answer for item, answer in zip(measure.items, answers, strict=True)}
    told = [(each, by_number[each.item]) for each in measure.safety]
    return [(each, answer) for each, answer in told if answer is not None and answer >= each.at_least]
