"""What we keep: tables, constraints and scoped queries. Importing this package makes the metadata whole."""

from models.base import Base, new_id, now
from models.care_team import CareTeam, CareTeamMember
from models.clinic_theme import ClinicTheme
from models.consent import PURPOSES, Consent, consents_to
from models.course import COURSE_STATUSES, Course
from models.creation import Creation
from models.document import NOTE_KINDS, VISIBILITIES, Document, JournalEntry, Note
from models.filters import Between, narrowed
from models.mention import ASSERTIONS, SOURCES, Mention, MentionReview
from models.oauth import (
    AuthorizationCode,
    ClientKind,
    OAuthClient,
    OAuthGrant,
    RefreshToken,
    SigningKey,
    UsedAssertion,
)
from models.paging import Order, Page, PageRequest, page_of, page_of_list
from models.person import CLINICAL_ROLES, Clinician, Organization, Patient, Role, User
from models.scoped import (
    Extent,
    Reach,
    care_teams_within,
    clinicians_within,
    courses_within,
    documents_within,
    journal_entries_within,
    mentions_within,
    notes_within,
    patients_within,
    sessions_within,
    vitals_within,
)
from models.session import ROUTES, SESSION_KINDS, SESSION_STATUSES, SETTINGS, Session, Vitals
from models.ties import latest_session, retie

__all__ = [
    "ASSERTIONS",
    "CLINICAL_ROLES",
    "COURSE_STATUSES",
    "NOTE_KINDS",
    "PURPOSES",
    "ROUTES",
    "SESSION_KINDS",
    "SESSION_STATUSES",
    "SETTINGS",
    "SOURCES",
    "VISIBILITIES",
    "AuthorizationCode",
    "Base",
    "Between",
    "CareTeam",
    "CareTeamMember",
    "ClientKind",
    "ClinicTheme",
    "Clinician",
    "Consent",
    "Course",
    "Creation",
    "Document",
    "Extent",
    "JournalEntry",
    "Mention",
    "MentionReview",
    "Note",
    "OAuthClient",
    "OAuthGrant",
    "Order",
    "Organization",
    "Page",
    "PageRequest",
    "Patient",
    "Reach",
    "RefreshToken",
    "Role",
    "Session",
    "SigningKey",
    "UsedAssertion",
    "User",
    "Vitals",
    "care_teams_within",
    "clinicians_within",
    "consents_to",
    "courses_within",
    "documents_within",
    "journal_entries_within",
    "latest_session",
    "mentions_within",
    "narrowed",
    "new_id",
    "notes_within",
    "now",
    "page_of",
    "page_of_list",
    "patients_within",
    "retie",
    "sessions_within",
    "vitals_within",
]
