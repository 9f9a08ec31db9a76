"""What we keep: tables, constraints and scoped queries. Importing this package makes the metadata whole."""

import models.tenancy  # noqa: F401  (its listeners)
from models.action import COMMITMENT_STATUSES, Commitment, Intention, Resolve, Signal
from models.attachment import ATTACHMENT_KINDS, Attachment
from models.audit import AuditEvent, Deed, Verdict, verify
from models.audit import append as append_deeds
from models.base import Base, new_id, now, offset_minutes_of, on_clock
from models.break_glass import BreakGlass, opened_by
from models.bulk_export import BulkExport, BulkFile, drop_export, drop_exports
from models.care_team import CareTeam, CareTeamMember
from models.clinic_tally import ClinicTally
from models.clinic_theme import ClinicTheme
from models.clocks import EARLY, is_early, time_in, time_of
from models.consent import PURPOSES, Consent, consents_to, declines
from models.course import COURSE_STATUSES, Course
from models.creation import Creation
from models.credential import Credential, Delayed, Invitation, SecondFactor, UnknownName
from models.data_key import DataKey, KeyOwner, Keyring, current_key
from models.document import NOTE_KINDS, ORIGINS, VISIBILITIES, Document, JournalEntry, Note, link_of
from models.document_version import DocumentVersion
from models.ehr import CONNECTION_AUTHS, CONNECTION_STATES, COPY_STATES, EhrConnection, EhrCopy
from models.erasure import Erasure
from models.event import EVENT_TYPES, HANDSHAKE, HEARTBEAT, PING, Event, RisingThemes, append_event
from models.filters import Between, narrowed
from models.identifier import Identifier
from models.job import JOB_STATES, Job
from models.measure_response import RESPONSE_STATUSES, MeasureResponse
from models.mention import ASSERTIONS, SOURCES, Mention, MentionReview
from models.mood import MoodCheckIn
from models.oauth import (
    AuthorizationCode,
    ClientKind,
    OAuthClient,
    OAuthGrant,
    RefreshToken,
    SigningKey,
    UsedAssertion,
    revoke_grants,
)
from models.paging import Order, Page, PageRequest, page_of, page_of_list, page_of_ranked
from models.person import CLINICAL_ROLES, GENDERS, Clinician, Organization, Patient, Role, User
from models.prompt import ClinicPrompt, PromptShowing, PromptSwitch
from models.record_change import Place, RecordChange, changes_after, has_been, note_all
from models.reminder import ReminderSettings
from models.safety_flag import FACET, FLAG_EVENTS, FLAG_STATUSES, RAISING, SafetyFlag, SafetyFlagEvent, raises
from models.scoped import (
    Extent,
    Reach,
    attachments_within,
    audit_events_within,
    care_teams_within,
    clinicians_within,
    courses_within,
    deliveries_within,
    documents_within,
    ehr_connections_within,
    journal_entries_within,
    measure_responses_within,
    mentions_within,
    mood_check_ins_within,
    notes_within,
    patients_within,
    resolves_within,
    sessions_within,
    shown_mentions,
    vitals_within,
    webhooks_within,
)
from models.scoped_flags import safety_flags_for_the_team, safety_flags_within, with_origins
from models.session import ROUTES, SESSION_KINDS, SESSION_STATUSES, SETTINGS, Session, Vitals
from models.stamp import PatientStamp, forget, revise, stamp, stamp_all, stamp_of, stamp_records, touch_mentions
from models.ties import hold_ties, latest_session, tie_anew
from models.webhook import (
    DELIVERY_STATES,
    WEBHOOK_FORMATS,
    WEBHOOK_STATES,
    Delivery,
    DeliveryAttempt,
    Webhook,
    end_subscriptions,
    has_not_ended,
)
from models.worker_task import WorkerTask

__all__ = [
    "ASSERTIONS",
    "ATTACHMENT_KINDS",
    "CLINICAL_ROLES",
    "COMMITMENT_STATUSES",
    "CONNECTION_AUTHS",
    "CONNECTION_STATES",
    "COPY_STATES",
    "COURSE_STATUSES",
    "DELIVERY_STATES",
    "EARLY",
    "EVENT_TYPES",
    "FACET",
    "FLAG_EVENTS",
    "FLAG_STATUSES",
    "GENDERS",
    "HANDSHAKE",
    "HEARTBEAT",
    "JOB_STATES",
    "NOTE_KINDS",
    "ORIGINS",
    "PING",
    "PURPOSES",
    "RAISING",
    "RESPONSE_STATUSES",
    "ROUTES",
    "SESSION_KINDS",
    "SESSION_STATUSES",
    "SETTINGS",
    "SOURCES",
    "VISIBILITIES",
    "WEBHOOK_FORMATS",
    "WEBHOOK_STATES",
    "Attachment",
    "AuditEvent",
    "AuthorizationCode",
    "Base",
    "Between",
    "BreakGlass",
    "BulkExport",
    "BulkFile",
    "CareTeam",
    "CareTeamMember",
    "ClientKind",
    "ClinicPrompt",
    "ClinicTally",
    "ClinicTheme",
    "Clinician",
    "Commitment",
    "Consent",
    "Course",
    "Creation",
    "Credential",
    "DataKey",
    "Deed",
    "Delayed",
    "Delivery",
    "DeliveryAttempt",
    "Document",
    "DocumentVersion",
    "EhrConnection",
    "EhrCopy",
    "Erasure",
    "Event",
    "Extent",
    "Identifier",
    "Intention",
    "Invitation",
    "Job",
    "JournalEntry",
    "KeyOwner",
    "Keyring",
    "MeasureResponse",
    "Mention",
    "MentionReview",
    "MoodCheckIn",
    "Note",
    "OAuthClient",
    "OAuthGrant",
    "Order",
    "Organization",
    "Page",
    "PageRequest",
    "Patient",
    "PatientStamp",
    "Place",
    "PromptShowing",
    "PromptSwitch",
    "Reach",
    "RecordChange",
    "RefreshToken",
    "ReminderSettings",
    "Resolve",
    "RisingThemes",
    "Role",
    "SafetyFlag",
    "SafetyFlagEvent",
    "SecondFactor",
    "Session",
    "Signal",
    "SigningKey",
    "UnknownName",
    "UsedAssertion",
    "User",
    "Verdict",
    "Vitals",
    "Webhook",
    "WorkerTask",
    "append_deeds",
    "append_event",
    "attachments_within",
    "audit_events_within",
    "care_teams_within",
    "changes_after",
    "clinicians_within",
    "consents_to",
    "courses_within",
    "current_key",
    "declines",
    "deliveries_within",
    "documents_within",
    "drop_export",
    "drop_exports",
    "ehr_connections_within",
    "end_subscriptions",
    "forget",
    "has_been",
    "has_not_ended",
    "hold_ties",
    "is_early",
    "journal_entries_within",
    "latest_session",
    "link_of",
    "measure_responses_within",
    "mentions_within",
    "mood_check_ins_within",
    "narrowed",
    "new_id",
    "note_all",
    "notes_within",
    "now",
    "offset_minutes_of",
    "on_clock",
    "opened_by",
    "page_of",
    "page_of_list",
    "page_of_ranked",
    "patients_within",
    "raises",
    "resolves_within",
    "revise",
    "revoke_grants",
    "safety_flags_for_the_team",
    "safety_flags_within",
    "sessions_within",
    "shown_mentions",
    "stamp",
    "stamp_all",
    "stamp_of",
    "stamp_records",
    "tie_anew",
    "time_in",
    "time_of",
    "touch_mentions",
    "verify",
    "vitals_within",
    "webhooks_within",
    "with_origins",
]
