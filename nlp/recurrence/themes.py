"""Recurring themes: what returns for a patient over the windows, the most recurrent first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nlp.findings import DocumentKind
from nlp.recurrence.comparison import Prior, prior_of, rate_interval
from nlp.recurrence.counts import Exposure, Sighting, Tally, Voices, Writing
from nlp.recurrence.ledger import EVIDENCE, Account, Ledger, account_of, strength, strongest_of
from nlp.recurrence.trajectory import Trajectory, probability_rising, trajectory_of
from nlp.recurrence.windows import Window


@dataclass(frozen=True, slots=True)
class SessionRate:
    """A theme in one window: mentions, words, and mentions per 100 words (0.0 without words).

    `rate_low` and `rate_high` bound the rate that the window speaks for (90 % credible, per 100 words, shrunk towards
    the patient's usual rate, which may leave the plain rate outside). None where there is nothing to reckon from.
    """

    session_id: str | None
    sequence: int
    mentions: int
    words: int
    rate_per_100_words: float
    rate_low: float | None = None
    rate_high: float | None = None


@dataclass(frozen=True, slots=True)
class RecurringTheme:
    """A theme over a patient's windows. `sessions` has every window with writing, also where the theme is silent.

    `session_count` counts the windows with a mention, `evidence` names up to five mentions, the strongest first.
    """

    theme: str
    sessions: tuple[SessionRate, ...]
    session_count: int
    first_seen: datetime
    last_seen: datetime
    trajectory: Trajectory
    probability_rising: float | None
    by_source: dict[DocumentKind, int]
    evidence: tuple[str, ...]


def recurring_themes(
    windows: Sequence[Window],
    writings: Iterable[Writing],
    sightings: Iterable[Sighting],
    clinic: Mapping[str, Tally] | None = None,
) -> list[RecurringTheme]:
    """Tell what recurs: by number of windows, then mentions, then how lately it was seen, then name.

    `windows` as `windows_of` lays them; writings and sightings in any order, all sightings' documents among the
    writings. A theme without a sighting is not in the answer. `clinic`, where it is known, is how often all patients
    together speak of each theme in how many words; sparse patients lean towards it.
    """
    ledger = Ledger(windows)
    for account in accounts_of(writings, sightings):
        ledger.add(account)
    return recurring_in(ledger, clinic)


def accounts_of(writings: Iterable[Writing], sightings: Iterable[Sighting]) -> list[Account]:
    """Count document by document."""
    by_document: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        by_document[sighting.document_id].append(sighting)
    found = [account_of(writing, by_document.pop(writing.document_id, ())) for writing in writings]
    for document_id, there in by_document.items():
        unread = Writing(document_id, there[0].written_at, 0, there[0].source)
        found.append(account_of(unread, there, is_in_scope=False))
    return found


def recurring_in(
    ledger: Ledger, clinic: Mapping[str, Tally] | None = None, theme: str | None = None
) -> list[RecurringTheme]:
    """Tell what recurs in documents that are counted already: of every theme, or of one."""
    exposure, usual = ledger.exposure(), clinic or {}
    wanted = [name for name in ledger.themes if theme in (None, name)]
    return sorted((_recurring(ledger, exposure, name, usual.get(name)) for name in wanted), key=_prominence)


def _prominence(found: RecurringTheme) -> tuple[int, int, float, str]:
    mentions = sum(found.by_source.values())
    return -found.session_count, -mentions, -found.last_seen.timestamp(), found.theme


def _recurring(ledger: Ledger, exposure: Exposure, theme: str, clinic: Tally | None) -> RecurringTheme:
    standing, tallies = ledger.themes[theme], ledger.tallies(theme, exposure)
    written_in = [window for window in ledger.windows if window.sequence in exposure.words]
    usual = _usual([_whole(voices) for voices in tallies])
    prior = prior_of(usual, ledger.bunching(theme, exposure), clinic)
    history = [voices for voices in tallies if _whole(voices).words]
    rising = probability_rising(history, prior)
    session_count = len({sequence for (sequence, _), count in standing.mentions.items() if count})
    first_seen, last_seen, evidence = standing.shown()
    return RecurringTheme(
        theme=theme,
        sessions=_rates(written_in, tallies, usual, prior),
        session_count=session_count,
        first_seen=first_seen,
        last_seen=last_seen,
        trajectory=trajectory_of(history, rising, prior, session_count),
        probability_rising=rising,
        by_source=dict(sorted(standing.per_voice().items())),
        evidence=evidence,
    )


def _whole(voices: Voices) -> Tally:
    return Tally(sum(each.mentions for each in voices.values()), sum(each.words for each in voices.values()))


def _usual(wholes: Iterable[Tally]) -> Tally:
    """Add all windows up. Mentions in a window of no words have no rate and stay out."""
    worded = [whole for whole in wholes if whole.words]
    return Tally(sum(whole.mentions for whole in worded), sum(whole.words for whole in worded))


def _rates(windows: Sequence[Window], tallies: Sequence[Voices], usual: Tally, prior: Prior) -> tuple[SessionRate, ...]:
    placed = zip(windows, tallies, strict=True)
    return tuple(_rate(window, _whole(voices), usual, prior) for window, voices in placed)


def _rate(window: Window, whole: Tally, usual: Tally, prior: Prior) -> SessionRate:
    low, high = rate_interval(whole, usual, prior) or (None, None)
    return SessionRate(
        session_id=window.session_id,
        sequence=window.sequence,
        mentions=whole.mentions,
        words=whole.words,
        rate_per_100_words=100 * whole.mentions / whole.words if whole.words else 0.0,
        rate_low=low,
        rate_high=high,
    )


def strongest(sightings: Iterable[Sighting], most: int = EVIDENCE) -> list[Sighting]:
    """Choose the evidence: what a clinician confirmed, then the best scores, then the latest; many documents first."""
    by_id = {each.mention_id: each for each in sightings}
    by_document: dict[str, list[Sighting]] = defaultdict(list)
    for each in by_id.values():
        by_document[each.document_id].append(each)
    ranked = (sorted(strength(each) for each in there) for there in by_document.values())
    return [by_id[chosen[-1]] for chosen in strongest_of(ranked, most)]
