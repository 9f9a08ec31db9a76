"""Raising flags and taking them back: what the system does by itself, with what is found in words and with answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session as DbSession

from integration_api.safety.routing import Timing
from models import (
    RAISING,
    Commitment,
    Document,
    DocumentVersion,
    Intention,
    MeasureResponse,
    Mention,
    Resolve,
    SafetyFlag,
    Signal,
    new_id,
    now,
    raises,
)
from nlp.severity import load_levels


def settle(db_session: DbSession, document: Document, timing: Timing, by: UUID | None = None) -> None:
    """Bring a document's flags into line with its mentions, in the transaction that keeps these.

    `by` is the clinician whose review has changed the mentions, if it was one. Doing it again changes nothing.
    """
    # One at a time for a document: two that settle together would both raise.
    db_session.execute(select(Document.id).where(Document.id == document.id).with_for_update(key_share=True))
    found: list[_Found] = [*filter(raises, document.mentions), *_beside(db_session, document)]
    _settle(db_session, document, found, timing, by)


def settle_resolve(db_session: DbSession, resolve: Resolve, timing: Timing) -> None:
    """Bring the flags of an intention or commitment into line with what was found in the patient's words.

    In the transaction that keeps this, which has the row locked. Doing it again changes nothing.
    """
    found = [each for each in resolve.found_signals if each.assertion in RAISING]
    _settle(db_session, resolve, found, timing, None)


def _settle(
    db_session: DbSession, about: Document | Resolve, found: Iterable["_Found"], timing: Timing, by: UUID | None
) -> None:
    spoken_of: dict[str, list[_Found]] = {}
    for each in found:
        spoken_of.setdefault(each.theme, []).append(each)
    flags = {flag.theme: flag for flag in _flags_of(db_session, _raised_from(about))}
    for theme, there in spoken_of.items():
        flag = flags.get(theme)
        if flag is None:
            flag = _new(about, theme)
            db_session.add(flag)
        _meet(flag, there, timing, by)
    for theme in flags.keys() - spoken_of.keys():
        _miss(flags[theme], timing.now, by)
    db_session.flush()


def _raised_from(about: Document | Resolve) -> ColumnElement[bool]:
    if isinstance(about, Document):
        return SafetyFlag.document_id == about.id
    column = SafetyFlag.intention_id if isinstance(about, Intention) else SafetyFlag.commitment_id
    return column == about.id


@dataclass(frozen=True, slots=True)
class _Beside:
    """What words speak of that wait beside an entry for its writer to choose: somebody has written them now."""

    theme: str
    severity: str | None


_Found = Mention | Signal | _Beside


def _beside(db_session: DbSession, document: Document) -> list[_Beside]:
    query = select(DocumentVersion).where(
        DocumentVersion.document_id == document.id, DocumentVersion.reason == "conflict"
    )
    signals = [signal for each in db_session.scalars(query) for signal in each.signals or ()]
    return [_Beside(theme, severity) for theme, assertion, severity in signals if assertion in RAISING]


def withdraw_with(db_session: DbSession, about: Document | Resolve) -> None:
    """Take all flags of a document, intention or commitment back, since it is deleted: acknowledged ones, too."""
    _withdraw_all(db_session, _flags_of(db_session, _raised_from(about)), now())


def raise_from_answer(db_session: DbSession, response: MeasureResponse, theme: str, item: str, timing: Timing) -> None:
    """Raise a flag from one answer of a response to a measure, in the transaction that keeps it. It has no level."""
    flag = _new(response, theme)
    flag.item, flag.mention_count = item, 1
    db_session.add(flag)
    _open(flag, "raised", timing, None)
    db_session.flush()


def withdraw_answers(db_session: DbSession, response: MeasureResponse, at: datetime) -> None:
    """Take all of a response's flags back, since it does not hold any more: acknowledged ones, too."""
    _withdraw_all(db_session, _flags_of(db_session, SafetyFlag.response_id == response.id), at)


def withdraw_theme(db_session: DbSession, organization_id: UUID, theme: str) -> None:
    """Take the flags of a clinic's own theme back that nobody has acknowledged: the theme is taken out."""
    of_theme = (SafetyFlag.organization_id == organization_id, SafetyFlag.theme == theme)
    for flag in db_session.scalars(select(SafetyFlag).where(*of_theme)).unique():
        _miss(flag, now(), None)
    db_session.flush()


def _flags_of(db_session: DbSession, about: ColumnElement[bool]) -> Sequence[SafetyFlag]:
    query = select(SafetyFlag).where(about)
    return db_session.scalars(query.with_for_update(of=SafetyFlag)).unique().all()


def _withdraw_all(db_session: DbSession, flags: Iterable[SafetyFlag], at: datetime) -> None:
    for flag in flags:
        flag.mention_count = 0
        _withdraw(flag, at, None)
    db_session.flush()


def _new(about: Document | MeasureResponse | Resolve, theme: str) -> SafetyFlag:
    return SafetyFlag(
        document=about if isinstance(about, Document) else None,
        response=about if isinstance(about, MeasureResponse) else None,
        intention=about if isinstance(about, Intention) else None,
        commitment=about if isinstance(about, Commitment) else None,
        id=new_id(),
        organization_id=about.organization_id,
        patient_id=about.patient_id,
        theme=theme,
        status="withdrawn",
        mention_count=0,
    )


def _meet(flag: SafetyFlag, mentions: Sequence[_Found], timing: Timing, by: UUID | None) -> None:
    """The words speak of the theme. What somebody has seen is opened again only where it is news."""
    severity, before = gravest(mention.severity for mention in mentions), flag.severity
    is_news = flag.mention_count == 0 or _rank(severity) > _rank(before)
    is_seen = flag.status in ("acknowledged", "resolved")
    flag.severity = gravest((severity, before)) if is_seen and not is_news else severity
    flag.mention_count = len(mentions)
    if flag.status == "withdrawn":
        _open(flag, "raised", timing, by)
    elif is_seen and is_news:
        _open(flag, "reopened", timing, by)


def _open(flag: SafetyFlag, what: str, timing: Timing, by: UUID | None) -> None:
    flag.raised_at = timing.now
    reopen(flag, timing)
    flag.tell(what, timing.now, clinician_id=by)


def reopen(flag: SafetyFlag, timing: Timing) -> None:
    """Have a flag wait again, with its whole time before it."""
    flag.status, flag.due_at, flag.escalated_at = "open", timing.due_at(flag.theme), None


def _miss(flag: SafetyFlag, at: datetime, by: UUID | None) -> None:
    """The words do not speak of the theme any more."""
    flag.mention_count = 0
    if flag.status == "open":
        _withdraw(flag, at, by)


def _withdraw(flag: SafetyFlag, at: datetime, by: UUID | None) -> None:
    if flag.status != "withdrawn":
        flag.status = "withdrawn"
        flag.tell("withdrawn", at, clinician_id=by)


def gravest(levels: Iterable[str | None]) -> str | None:
    """Give the gravest of some levels of the C-SSRS; None where there is none."""
    return max(levels, key=_rank, default=None)


def _rank(level: str | None) -> int:
    return -1 if level is None else list(load_levels()).index(level)
