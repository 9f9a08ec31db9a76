"""What clinicians say of a mention: they confirm, reject or correct it, or take that back."""

from collections.abc import Container
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import joinedload

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Conflict, Invalid, NotFound
from integration_api.safety.raising import settle
from integration_api.safety.routing import Timing
from integration_api.themes.own import held_themes
from models import Document, Mention, MentionReview, mentions_within


@dataclass(frozen=True, slots=True)
class Review:
    """A clinician's word on a mention. `theme` and `assertion` go with the verdict `corrected` only."""

    verdict: str
    theme: str | None = None
    assertion: str | None = None


def read_mention(db_session: DbSession, caller: Principal, mention_id: UUID, action: Action = Action.READ) -> Mention:
    """Read one mention in a document that the caller may read; raise `NotFound`."""
    visible = mentions_within(reach(caller, Resource.MENTION, action)).options(joinedload(Mention.document))
    mention = db_session.scalars(visible.where(Mention.id == mention_id)).one_or_none()
    if mention is None:
        raise NotFound("There is no such mention.")
    return mention


def review_mention(
    db_session: DbSession, caller: Principal, mention_id: UUID, review: Review, timing: Timing
) -> Mention:
    """Say whether a mention is right. The same word twice is one word; the history stays. Safety flags follow."""
    known = held_themes(db_session, caller.organization_id)
    mention = _hold_mention(db_session, caller, mention_id)
    _check(mention, review, known)
    if _says_already(mention, review):
        return mention
    mention.reviews.append(
        MentionReview(
            reviewer_id=caller.user_id,
            verdict=review.verdict,
            theme_before=mention.theme,
            assertion_before=mention.assertion,
            source_before=mention.source,
            review_before=mention.review,
        )
    )
    _VERDICTS[review.verdict](mention, review)
    theme = known.get(mention.theme)
    if theme is None:  # one of the clinic's own; all its mentions went with it
        raise Conflict(
            "The theme that was found here has been taken out. Please reject or correct the mention instead."
        )
    mention.facet = theme.facet
    db_session.flush()
    settle(db_session, mention.document, timing, by=caller.clinician_id)
    return mention


def _hold_mention(db_session: DbSession, caller: Principal, mention_id: UUID) -> Mention:
    """Read a mention to change it, as it is once its document is held: everybody holds that before its mentions."""
    found = read_mention(db_session, caller, mention_id, Action.UPDATE)
    db_session.execute(select(Document.id).where(Document.id == found.document_id).with_for_update())
    db_session.expire_all()
    return read_mention(db_session, caller, mention_id, Action.UPDATE)


def _check(mention: Mention, review: Review, known: Container[str]) -> None:
    changes = {"/theme": review.theme, "/assertion": review.assertion}
    if review.verdict == "corrected":
        if all(value is None for value in changes.values()):
            raise Invalid.at("", "A correction says the right theme, the right assertion, or both.")
        if review.theme is not None and review.theme not in known:
            raise Invalid.at("/theme", "There is no such theme.")
        return
    for pointer, value in changes.items():
        if value is not None:
            raise Invalid.at(pointer, "Only a correction changes this.")
    if review.verdict == "withdrawn" and mention.review is None:
        raise Conflict("There is no review to withdraw.")


def _says_already(mention: Mention, review: Review) -> bool:
    if review.verdict == "corrected":
        is_same = review.theme in (None, mention.theme) and review.assertion in (None, mention.assertion)
        return is_same and mention.review == "confirmed"
    return review.verdict == mention.review


def _confirm(mention: Mention, _: Review) -> None:
    mention.review = "confirmed"


def _reject(mention: Mention, _: Review) -> None:
    mention.review = "rejected"


def _correct(mention: Mention, review: Review) -> None:
    """A clinician's own finding is confirmed by being one."""
    mention.theme = review.theme or mention.theme
    mention.assertion = review.assertion or mention.assertion
    mention.source = "clinician"
    mention.review = "confirmed"


def _withdraw(mention: Mention, _: Review) -> None:
    """Put back what the pipeline said, before the first review since the last withdrawal."""
    earlier = mention.reviews[:-1]
    last = max((place for place, past in enumerate(earlier) if past.verdict == "withdrawn"), default=-1)
    first = earlier[last + 1]
    mention.theme, mention.assertion = first.theme_before, first.assertion_before
    mention.source, mention.review = first.source_before, None


_VERDICTS = {"confirmed": _confirm, "rejected": _reject, "corrected": _correct, "withdrawn": _withdraw}
