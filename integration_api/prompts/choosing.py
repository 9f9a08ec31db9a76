"""Which prompts fit a patient now, and in what order: a pure function. docs/prompts.md tells the rules and why."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from integration_api.prompts.library import Gentleness, Need, Phase, Prompt

SOON = timedelta(hours=48)  # before dosing
DAY, THREE_DAYS, WEEK = timedelta(days=1), timedelta(days=3), timedelta(days=7)
MONTH = timedelta(days=28)  # then care has passed from integration to what goes on


class Why(StrEnum):
    """Why a prompt is offered. Those that there are take turns, in this order."""

    COMMITMENT_DUE = "commitment_due"
    RETURNS = "returns"
    QUIET = "quiet"
    PHASE = "phase"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A theme that the patient's own entries return to, or no longer do: around how many sessions, in which entries."""

    theme: str
    sessions: int
    entries: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a patient now. `phases`: where the patient is, the nearest first."""

    phases: tuple[Phase, ...]
    returning: tuple[Spoken, ...] = ()
    quiet: tuple[Spoken, ...] = ()
    commitment: UUID | None = None  # the one that is most pressing: due, or without a word for long
    intention: UUID | None = None
    is_tender: bool = False  # signs of danger of late


@dataclass(frozen=True, slots=True)
class History:
    """What was put to the patient before. `turns`: when each prompt last was, counted; `standing`: today's first."""

    turns: Mapping[UUID, int] = field(default_factory=dict)
    last_offered: UUID | None = None
    standing: UUID | None = None

    @property
    def turn(self) -> int:
        """How often anything was put."""
        return max(self.turns.values(), default=0)

    @property
    def last(self) -> UUID | None:
        """What was put last."""
        return max(self.turns, key=lambda each: self.turns[each]) if self.turns else None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a prompt, with what the patient has done that it rests on."""

    why: Why
    sessions: int | None = None
    entries: tuple[UUID, ...] = ()
    commitment: UUID | None = None
    intention: UUID | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A prompt that fits now, and why: the reason that it has its turn by comes first."""

    prompt: Prompt
    reasons: tuple[Reason, ...]


def phases_at(at: datetime, dosings: Iterable[datetime], *, is_prepared: bool) -> tuple[Phase, ...]:
    """Tell where a patient is, by when dosing sessions began or will begin.

    `is_prepared`: a preparation session was held or is planned. A dosing that is near counts besides the days after the
    one before, but never within its first day.
    """
    starts = sorted(dosings)
    last = max((each for each in starts if each <= at), default=None)
    coming = min((each for each in starts if each > at), default=None)
    is_near = coming is not None and coming - at <= SOON
    if last is None:
        if is_near:
            return (Phase.BEFORE_DOSING,)
        return (Phase.PREPARATION,) if is_prepared or coming is not None else (Phase.SCREENING,)
    after = _after(at - last)
    if after is Phase.DAY or not is_near:
        return (after,)
    return (Phase.BEFORE_DOSING, after) if after in (Phase.LATER, Phase.ONGOING) else (after, Phase.BEFORE_DOSING)


def _after(since: timedelta) -> Phase:
    windows = ((DAY, Phase.DAY), (THREE_DAYS, Phase.THREE_DAYS), (WEEK, Phase.WEEK), (MONTH, Phase.LATER))
    return next((phase for end, phase in windows if since < end), Phase.ONGOING)


def choose(
    prompts: Iterable[Prompt], situation: Situation, history: History, limit: int, rank: Callable[[UUID], object]
) -> list[Chosen]:
    """Choose and order the prompts that fit. The same state gives the same answer.

    `rank` orders prompts that were never put, patient by patient.
    """
    fitting = {each.prompt.id: each for each in (_fitted(one, situation) for one in prompts) if each is not None}
    waiting = sorted(fitting.values(), key=lambda each: (history.turns.get(each.prompt.id, 0), rank(each.prompt.id)))
    whys = [why for why in Why if any(each.reasons[0].why is why for each in waiting)]
    found: list[Chosen] = []
    turn = history.turn
    if history.standing in fitting:
        found.append(fitting[history.standing])
        waiting.remove(found[0])
    while waiting and len(found) < limit:
        turn += 1
        chosen = _next(waiting if found else _fresh(waiting, history), whys[(turn - 1) % len(whys)])
        found.append(chosen)
        waiting.remove(chosen)
    return found


def _fitted(prompt: Prompt, now: Situation) -> Chosen | None:
    """Give a prompt with its reasons, if it fits."""
    if not prompt.phases & set(now.phases) or not _is_gentle_enough(prompt, now):
        return None
    reason = _reason(prompt, now)
    if reason is None:
        return None
    return Chosen(prompt, (reason,) if reason.why is Why.PHASE else (reason, Reason(Why.PHASE)))


def _is_gentle_enough(prompt: Prompt, now: Situation) -> bool:
    if now.is_tender:
        return prompt.gentleness is Gentleness.GROUNDING
    return prompt.gentleness is not Gentleness.OPEN or Phase.DAY not in now.phases


def _reason(prompt: Prompt, now: Situation) -> Reason | None:
    """Say why a prompt is offered; None: what it needs is not there."""
    match prompt.needs:
        case None:
            return Reason(Why.PHASE)
        case Need.COMMITMENT:
            return Reason(Why.COMMITMENT_DUE, commitment=now.commitment) if now.commitment else None
        case Need.INTENTION:
            return Reason(Why.PHASE, intention=now.intention) if now.intention else None
        case Need.RETURNING:
            return _spoken(prompt, now.returning, Why.RETURNS)
        case Need.QUIET:
            return _spoken(prompt, now.quiet, Why.QUIET)


def _spoken(prompt: Prompt, themes: Sequence[Spoken], why: Why) -> Reason | None:
    found = next((each for each in themes if not prompt.themes or each.theme in prompt.themes), None)
    return None if found is None else Reason(why, sessions=found.sessions, entries=found.entries)


def _fresh(waiting: Sequence[Chosen], history: History) -> Sequence[Chosen]:
    """Leave out what was put last, and what was offered last; where nothing else fits, only the former; else none."""
    for stale in ({history.last, history.last_offered}, {history.last}):
        rest = [each for each in waiting if each.prompt.id not in stale]
        if rest:
            return rest
    return waiting


def _next(waiting: Sequence[Chosen], why: Why) -> Chosen:
    """Take the one that has waited longest among those whose reason has its turn; where there is none, among all."""
    return next((each for each in waiting if each.reasons[0].why is why), waiting[0])
