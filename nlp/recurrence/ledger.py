"""Counts that are kept: what each document says of each theme, added up over a patient's windows.

One more document adds its own counts, one that goes takes them away again; all sums are of whole numbers, so that the
order in which documents came and went leaves no trace.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nsmallest

from nlp.findings import DocumentKind
from nlp.recurrence.counts import Exposure, Sighting, Tally, Writing, bunching_from
from nlp.recurrence.windows import Window, window_for

EVIDENCE = 5
Ranked = tuple[bool, float, float, str]  # unconfirmed, score and time the other way round, id: the strongest first


@dataclass(frozen=True, slots=True)
class Share:
    """What one document says of one theme: how often, and its strongest mentions, the strongest first."""

    mentions: int
    strongest: tuple[Ranked, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """All that one document says. `words` is None where the document itself is not in scope."""

    document_id: str
    written_at: datetime
    source: DocumentKind
    words: int | None
    shares: Mapping[str, Share]


@dataclass(slots=True)
class Standing:
    """One theme's counts: mentions by window and voice, pairs of them within documents, and each document's share."""

    mentions: Counter[tuple[int, DocumentKind]] = field(default_factory=Counter)
    pairs: Counter[DocumentKind] = field(default_factory=Counter)
    shares: dict[str, tuple[datetime, Share]] = field(default_factory=dict)
    _shown: tuple[datetime, datetime, tuple[str, ...]] | None = None

    def count(self, account: Account, sequence: int, share: Share, sign: int) -> None:
        """Put a document's share in (`sign` 1), or take it out (-1)."""
        self.mentions[sequence, account.source] += sign * share.mentions
        self.pairs[account.source] += sign * share.mentions * (share.mentions - 1)
        if sign > 0:
            self.shares[account.document_id] = (account.written_at, share)
        else:
            del self.shares[account.document_id]
        self._shown = None

    def per_voice(self) -> Counter[DocumentKind]:
        """Count mentions by voice."""
        found: Counter[DocumentKind] = Counter()
        for (_, voice), count in self.mentions.items():
            found[voice] += count
        return +found

    def shown(self) -> tuple[datetime, datetime, tuple[str, ...]]:
        """Tell when it was first and last seen, and name the strongest mentions. Known until a share changes."""
        if self._shown is None:
            times = [at for at, _ in self.shares.values()]
            evidence = strongest_of((share.strongest for _, share in self.shares.values()), EVIDENCE)
            self._shown = (min(times), max(times), tuple(each[-1] for each in evidence))
        return self._shown


class Ledger:
    """What a choice of documents says, theme by theme and window by window."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.windows = windows
        self._words: Counter[tuple[int, DocumentKind]] = Counter()
        self._documents: Counter[tuple[int, DocumentKind]] = Counter()
        self._squares: Counter[DocumentKind] = Counter()
        self.themes: dict[str, Standing] = {}

    def add(self, account: Account) -> None:
        """Put a document in, once."""
        self._count(account, 1)

    def remove(self, account: Account) -> None:
        """Take a document out, as it was put in."""
        self._count(account, -1)

    def _count(self, account: Account, sign: int) -> None:
        sequence = window_for(self.windows, account.written_at).sequence
        if account.words is not None:
            self._documents[sequence, account.source] += sign
            self._words[sequence, account.source] += sign * account.words
            self._squares[account.source] += sign * account.words**2
        for theme, share in account.shares.items():
            standing = self.themes.setdefault(theme, Standing())
            standing.count(account, sequence, share, sign)
            if not standing.shares:
                del self.themes[theme]

    def exposure(self) -> Exposure:
        """Tell what was written; a window is a key where anything was, even if nothing in it counts as a word."""
        words: dict[int, dict[DocumentKind, int]] = defaultdict(dict)
        total: Counter[DocumentKind] = Counter()
        for (sequence, voice), documents in sorted(self._documents.items()):
            if documents:
                words[sequence][voice] = self._words[sequence, voice]
                total[voice] += self._words[sequence, voice]
        return Exposure(words, {voice: self._squares[voice] / count**2 for voice, count in total.items() if count})

    def tallies(self, theme: str, exposure: Exposure) -> list[dict[DocumentKind, Tally]]:
        """Give each window's mentions beside its words, voice by voice; windows without writing are left out."""
        mentions = self.themes[theme].mentions
        return [
            {voice: Tally(mentions[window.sequence, voice], words) for voice, words in there.items()}
            for window in self.windows
            if (there := exposure.words.get(window.sequence)) is not None
        ]

    def bunching(self, theme: str, exposure: Exposure) -> float:
        """Estimate how many mentions of a theme make one independent occasion."""
        standing = self.themes[theme]
        return bunching_from(exposure, standing.per_voice(), standing.pairs.total())


def account_of(writing: Writing, sightings: Iterable[Sighting], *, is_in_scope: bool = True) -> Account:
    """Count one document's mentions."""
    by_theme: dict[str, list[Ranked]] = defaultdict(list)
    for each in sightings:
        by_theme[each.theme].append(strength(each))
    shares = {theme: Share(len(ranked), tuple(sorted(ranked)[:EVIDENCE])) for theme, ranked in by_theme.items()}
    words = writing.words if is_in_scope else None
    return Account(writing.document_id, writing.written_at, writing.source, words, shares)


def strength(sighting: Sighting) -> Ranked:
    """Say how strong a piece of evidence is: what a clinician confirmed, then the best scores, then the latest."""
    return not sighting.is_confirmed, -sighting.score, -sighting.written_at.timestamp(), sighting.mention_id


def strongest_of(by_document: Iterable[Sequence[Ranked]], most: int) -> list[Ranked]:
    """Choose the evidence, from as many documents as possible; each document's are given the strongest first."""
    documents = list(by_document)
    chosen: list[Ranked] = []
    for turn in range(most):
        there = (each[turn] for each in documents if len(each) > turn)
        chosen += nsmallest(most - len(chosen), there)
        if len(chosen) == most:
            break
    return sorted(chosen)
