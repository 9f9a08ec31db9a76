"""A clinic's own themes, beside those of the taxonomy: added, changed and taken out while the service runs."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session as DbSession

from integration_api.access.policy import Resource, reach
from integration_api.access.principals import Principal
from integration_api.access.scopes import Action
from integration_api.errors import Invalid, NotFound
from integration_api.safety.raising import settle, withdraw_theme
from integration_api.safety.routing import Timing
from models import FACET, ClinicTheme, Document, Mention, RecordChange, new_id, note_all, revise, stamp_all
from nlp import OwnTheme, Theme, load_taxonomy

CLINIC = "this clinic"
IS_TOPICAL = False  # its context rules are those of states, not of subjects


@dataclass(frozen=True, slots=True)
class ThemeDraft:
    """A theme as a clinic describes it."""

    name: str
    label: str
    facet: str
    definition: str
    phrases: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownTheme:
    """A theme that documents are tagged with: the taxonomy's, or the clinic's own (then with an id)."""

    name: str
    label: str
    facet: str
    definition: str
    includes: tuple[str, ...]
    excludes: tuple[str, ...]
    source: str
    is_topical: bool
    phrases: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    id: UUID | None = None

    @property
    def is_own(self) -> bool:
        """Whether the clinic has added it."""
        return self.id is not None

    @classmethod
    def of_taxonomy(cls, theme: Theme) -> Self:
        """Show a theme of the taxonomy."""
        texts = (theme.name, theme.label, theme.facet, theme.definition)
        return cls(*texts, _parts(theme.includes), _parts(theme.excludes), theme.source, theme.is_topical)

    @classmethod
    def of_clinic(cls, theme: ClinicTheme) -> Self:
        """Show a clinic's own theme."""
        phrases, texts = tuple(theme.phrases), (theme.name, theme.label, theme.facet, theme.definition)
        return cls(*texts, phrases, (), CLINIC, IS_TOPICAL, phrases, tuple(theme.examples), theme.id)


def _parts(text: str) -> tuple[str, ...]:
    """Part the taxonomy's own notes at their semicolons."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


def known_themes(db_session: DbSession, organization_id: UUID) -> dict[str, KnownTheme]:
    """Give every theme that an organization's documents are tagged with, by name."""
    return _known(_own(db_session, organization_id))


def held_themes(db_session: DbSession, organization_id: UUID) -> dict[str, KnownTheme]:
    """Give them to who is about to keep mentions of them: till then none is changed or taken out.

    Themes are held before documents, and those before stamps, by everybody, so that nobody waits for each other.
    """
    return _known(db_session.scalars(_own_of(organization_id).with_for_update(read=True, of=ClinicTheme)))


def _known(own: Iterable[ClinicTheme]) -> dict[str, KnownTheme]:
    known = {theme.name: KnownTheme.of_taxonomy(theme) for theme in load_taxonomy().themes.values()}
    return known | {theme.name: KnownTheme.of_clinic(theme) for theme in own}


def require_known(db_session: DbSession, organization_id: UUID, names: Collection[str], place: str) -> None:
    """Refuse names of themes that there are not."""
    if names and not known_themes(db_session, organization_id).keys() >= set(names):
        raise Invalid.at(place, "There is no such theme.")


def wanted_of(db_session: DbSession, organization_id: UUID) -> tuple[OwnTheme, ...]:
    """Give an organization's own themes as the tagger takes them."""
    found = _own(db_session, organization_id)
    return tuple(OwnTheme(each.name, tuple(each.phrases), tuple(each.examples)) for each in found)


def _own(db_session: DbSession, organization_id: UUID) -> list[ClinicTheme]:
    return list(db_session.scalars(_own_of(organization_id)))


def _own_of(organization_id: UUID) -> Select[ClinicTheme]:
    return select(ClinicTheme).where(ClinicTheme.organization_id == organization_id).order_by(ClinicTheme.name)


def add_theme(db_session: DbSession, caller: Principal, draft: ThemeDraft) -> KnownTheme:
    """Add a theme; documents are tagged with it from then on."""
    reach(caller, Resource.TAXONOMY, Action.CREATE)
    if draft.name in known_themes(db_session, caller.organization_id):
        raise Invalid.at("/theme", "There is a theme of this name already.")
    theme = ClinicTheme(id=new_id(), organization_id=caller.organization_id, name=draft.name)
    _describe(theme, draft)
    db_session.add(theme)
    db_session.flush()
    stamp_all(db_session, caller.organization_id)
    return KnownTheme.of_clinic(theme)


def read_own(db_session: DbSession, caller: Principal, theme_id: UUID) -> KnownTheme:
    """Read a clinic's own theme by its id; raise `NotFound`."""
    reach(caller, Resource.TAXONOMY, Action.READ)
    for theme in _own(db_session, caller.organization_id):
        if theme.id == theme_id:
            return KnownTheme.of_clinic(theme)
    raise NotFound("There is no such theme.")


def change_theme(
    db_session: DbSession, caller: Principal, name: str, merge: Callable[[KnownTheme], ThemeDraft], timing: Timing
) -> KnownTheme:
    """Change what is said of a clinic's own theme. Its name stays, and what was found of it goes where it goes."""
    theme = _changeable(db_session, caller, name, Action.UPDATE)
    draft, before = merge(KnownTheme.of_clinic(theme)), theme.facet
    if draft.name != theme.name:
        raise Invalid.at("/theme", "A theme keeps its name.")
    _describe(theme, draft)
    db_session.flush()
    if theme.facet != before:
        _take_along(db_session, theme, before, timing)
    stamp_all(db_session, caller.organization_id)
    return KnownTheme.of_clinic(theme)


def _take_along(db_session: DbSession, theme: ClinicTheme, before: str, timing: Timing) -> None:
    """Put what was found of a theme into its new facet; flags are raised and taken back as if it were found there."""
    of_theme = (Mention.organization_id == theme.organization_id, Mention.theme == theme.name)
    there = select(Mention.document_id).where(*of_theme)
    revise(db_session, Document.id.in_(there))
    moved = update(Mention).where(*of_theme).values(facet=theme.facet, updated_at=Mention.updated_at)
    db_session.execute(moved.execution_options(synchronize_session=False))
    if before == FACET:
        withdraw_theme(db_session, theme.organization_id, theme.name)
    if theme.facet == FACET:
        documents = select(Document).where(Document.id.in_(there)).order_by(Document.patient_id, Document.id)
        for each in db_session.scalars(documents).all():
            settle(db_session, each, timing)
    note_all(db_session.connection(), ("journal_entry", "note"), RecordChange.record_id.in_(there))


def take_out(db_session: DbSession, caller: Principal, name: str, match: Callable[[KnownTheme], object]) -> None:
    """Take a clinic's own theme out again, with every mention of it."""
    theme = _changeable(db_session, caller, name, Action.DELETE)
    match(KnownTheme.of_clinic(theme))
    of_theme = (Mention.organization_id == caller.organization_id, Mention.theme == name)
    documents = db_session.scalars(select(Mention.document_id).where(*of_theme).distinct()).all()
    revise(db_session, Document.id.in_(select(Mention.document_id).where(*of_theme)))
    db_session.execute(delete(Mention).where(*of_theme).execution_options(synchronize_session=False))
    withdraw_theme(db_session, caller.organization_id, name)
    db_session.delete(theme)
    db_session.flush()
    stamp_all(db_session, caller.organization_id)
    note_all(db_session.connection(), ("journal_entry", "note"), RecordChange.record_id.in_(documents))


def _changeable(db_session: DbSession, caller: Principal, name: str, action: Action) -> ClinicTheme:
    reach(caller, Resource.TAXONOMY, action)
    named = _own_of(caller.organization_id).where(ClinicTheme.name == name).with_for_update(of=ClinicTheme)
    found = db_session.scalars(named).one_or_none()
    if found is None:
        raise NotFound("Your clinic has no theme of its own by this name.")
    return found


def _describe(theme: ClinicTheme, draft: ThemeDraft) -> None:
    if not draft.phrases and not draft.examples:
        raise Invalid.at("/phrases", "Without a phrase or an example nothing would ever be found.")
    theme.label, theme.facet, theme.definition = draft.label, draft.facet, draft.definition
    theme.phrases, theme.examples = list(draft.phrases), list(draft.examples)
