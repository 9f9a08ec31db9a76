"""The first tables: people, courses and sessions, documents, mentions, creations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
    )
    op.create_table(
        "users",
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role in ('admin', 'nurse', 'patient', 'physician', 'system', 'therapist')",
            name=op.f("ck_users_role"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_users_organization_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "clinicians",
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role in ('nurse', 'physician', 'therapist')", name=op.f("ck_clinicians_role")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_clinicians_organization_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_clinicians_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinicians")),
        sa.UniqueConstraint("user_id", name=op.f("uq_clinicians_user_id")),
    )
    with op.batch_alter_table("clinicians", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clinicians_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "creations",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=260), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_creations_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "operation", "key", name=op.f("pk_creations")),
    )
    with op.batch_alter_table("creations", schema=None) as batch_op:
        batch_op.create_index("ix_creations_created_at", ["created_at"], unique=False)

    op.create_table(
        "patients",
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_patients_organization_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_patients_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
        sa.UniqueConstraint("user_id", name=op.f("uq_patients_user_id")),
    )
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patients_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "care_teams",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_care_teams_organization_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_care_teams_patient_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_teams")),
        sa.UniqueConstraint("patient_id", name=op.f("uq_care_teams_patient_id")),
    )
    with op.batch_alter_table("care_teams", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_care_teams_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "courses",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("indication", sa.String(length=500), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status in ('planned', 'active', 'completed', 'cancelled')", name=op.f("ck_courses_status")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_courses_organization_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_courses_patient_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
    )
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_courses_organization_id"), ["organization_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_courses_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "care_team_members",
        sa.Column("care_team_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["care_team_id"],
            ["care_teams.id"],
            name=op.f("fk_care_team_members_care_team_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["clinician_id"],
            ["clinicians.id"],
            name=op.f("fk_care_team_members_clinician_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_team_members")),
    )
    with op.batch_alter_table("care_team_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_care_team_members_clinician_id"), ["clinician_id"], unique=False)
        batch_op.create_index("uq_care_team_members_pair", ["care_team_id", "clinician_id"], unique=True)

    op.create_table(
        "sessions",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("setting", sa.String(length=20), nullable=True),
        sa.Column("intention", sa.Text(), nullable=True),
        sa.Column("route", sa.String(length=20), nullable=True),
        sa.Column("dose_mg", sa.Double(), nullable=True),
        sa.Column("weight_kg", sa.Double(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind = 'dosing' or (route is null and dose_mg is null and weight_kg is null)",
            name=op.f("ck_sessions_dosing"),
        ),
        sa.CheckConstraint(
            "kind in ('screening', 'preparation', 'dosing', 'integration', 'psychotherapy')",
            name=op.f("ck_sessions_kind"),
        ),
        sa.CheckConstraint(
            "route is null or route in ('intravenous', 'intramuscular', 'intranasal', 'sublingual', 'oral')",
            name=op.f("ck_sessions_route"),
        ),
        sa.CheckConstraint(
            "setting is null or setting in ('clinic', 'home', 'telehealth')", name=op.f("ck_sessions_setting")
        ),
        sa.CheckConstraint(
            "status in ('planned', 'in_progress', 'completed', 'cancelled')", name=op.f("ck_sessions_status")
        ),
        sa.CheckConstraint("ends_at is null or ends_at >= starts_at", name=op.f("ck_sessions_order")),
        sa.ForeignKeyConstraint(
            ["course_id"], ["courses.id"], name=op.f("fk_sessions_course_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_sessions_organization_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_sessions_patient_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_organization_id"), ["organization_id"], unique=False)
        batch_op.create_index("ix_sessions_patient_id_starts_at", ["patient_id", "starts_at"], unique=False)

    op.create_table(
        "documents",
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("is_session_given", sa.Boolean(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_offset_minutes", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("tagging_state", sa.String(length=10), nullable=False),
        sa.Column("pipeline_version", sa.String(length=80), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visibility", sa.String(length=20), nullable=True),
        sa.Column("valence", sa.Integer(), nullable=True),
        sa.Column("arousal", sa.Integer(), nullable=True),
        sa.Column("prompt_id", sa.Uuid(), nullable=True),
        sa.Column("note_kind", sa.String(length=20), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(source = 'journal') = (visibility is not null)", name=op.f("ck_documents_journal")
        ),
        sa.CheckConstraint("(source = 'note') = (note_kind is not null)", name=op.f("ck_documents_note")),
        sa.CheckConstraint(
            "note_kind is null or note_kind in ('progress', 'psychotherapy')",
            name=op.f("ck_documents_note_kind"),
        ),
        sa.CheckConstraint("source in ('journal', 'note')", name=op.f("ck_documents_source")),
        sa.CheckConstraint("tagging_state in ('pending', 'done')", name=op.f("ck_documents_tagging_state")),
        sa.CheckConstraint(
            "visibility is null or visibility in ('private', 'care_team')",
            name=op.f("ck_documents_visibility"),
        ),
        sa.CheckConstraint("arousal is null or arousal between -5 and 5", name=op.f("ck_documents_arousal")),
        sa.CheckConstraint("valence is null or valence between -5 and 5", name=op.f("ck_documents_valence")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_documents_author_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_documents_organization_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_documents_patient_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_documents_session_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_documents_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_documents_organization_id"), ["organization_id"], unique=False)
        batch_op.create_index(
            "ix_documents_patient_id_source_written_at", ["patient_id", "source", "written_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_documents_session_id"), ["session_id"], unique=False)
        batch_op.create_index("ix_documents_tagging_state", ["tagging_state"], unique=False)

    op.create_table(
        "vitals",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("systolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("diastolic_mmhg", sa.Integer(), nullable=True),
        sa.Column("heart_rate_bpm", sa.Integer(), nullable=True),
        sa.Column("spo2_percent", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_vitals_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vitals")),
    )
    with op.batch_alter_table("vitals", schema=None) as batch_op:
        batch_op.create_index("ix_vitals_session_id_at", ["session_id", "at"], unique=False)

    op.create_table(
        "mentions",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("theme", sa.String(length=80), nullable=False),
        sa.Column("facet", sa.String(length=40), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("assertion", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("because", sa.String(length=500), nullable=False),
        sa.Column("review", sa.String(length=20), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "assertion in ('affirmed', 'negated', 'hypothetical', 'historical', 'other_person')",
            name=op.f("ck_mentions_assertion"),
        ),
        sa.CheckConstraint(
            "review is null or review in ('confirmed', 'rejected')", name=op.f("ck_mentions_review")
        ),
        sa.CheckConstraint("source in ('lexicon', 'model', 'clinician')", name=op.f("ck_mentions_source")),
        sa.CheckConstraint("score between 0 and 1", name=op.f("ck_mentions_score")),
        sa.CheckConstraint('start >= 0 and start < "end"', name=op.f("ck_mentions_span")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_mentions_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_mentions_organization_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_mentions_patient_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
    )
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mentions_document_id"), ["document_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mentions_organization_id"), ["organization_id"], unique=False)
        batch_op.create_index("ix_mentions_patient_id_theme", ["patient_id", "theme"], unique=False)

    op.create_table(
        "mention_reviews",
        sa.Column("mention_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("theme_before", sa.String(length=80), nullable=False),
        sa.Column("assertion_before", sa.String(length=20), nullable=False),
        sa.Column("source_before", sa.String(length=20), nullable=False),
        sa.Column("review_before", sa.String(length=20), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict in ('confirmed', 'rejected', 'corrected', 'withdrawn')",
            name=op.f("ck_mention_reviews_verdict"),
        ),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mentions.id"], name=op.f("fk_mention_reviews_mention_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["users.id"], name=op.f("fk_mention_reviews_reviewer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention_reviews")),
    )
    with op.batch_alter_table("mention_reviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mention_reviews_mention_id"), ["mention_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("mention_reviews", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mention_reviews_mention_id"))

    op.drop_table("mention_reviews")
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.drop_index("ix_mentions_patient_id_theme")
        batch_op.drop_index(batch_op.f("ix_mentions_organization_id"))
        batch_op.drop_index(batch_op.f("ix_mentions_document_id"))

    op.drop_table("mentions")
    with op.batch_alter_table("vitals", schema=None) as batch_op:
        batch_op.drop_index("ix_vitals_session_id_at")

    op.drop_table("vitals")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index("ix_documents_tagging_state")
        batch_op.drop_index(batch_op.f("ix_documents_session_id"))
        batch_op.drop_index("ix_documents_patient_id_source_written_at")
        batch_op.drop_index(batch_op.f("ix_documents_organization_id"))
        batch_op.drop_index(batch_op.f("ix_documents_author_id"))

    op.drop_table("documents")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_sessions_patient_id_starts_at")
        batch_op.drop_index(batch_op.f("ix_sessions_organization_id"))
        batch_op.drop_index(batch_op.f("ix_sessions_course_id"))

    op.drop_table("sessions")
    with op.batch_alter_table("care_team_members", schema=None) as batch_op:
        batch_op.drop_index("uq_care_team_members_pair")
        batch_op.drop_index(batch_op.f("ix_care_team_members_clinician_id"))

    op.drop_table("care_team_members")
    with op.batch_alter_table("courses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_courses_patient_id"))
        batch_op.drop_index(batch_op.f("ix_courses_organization_id"))

    op.drop_table("courses")
    with op.batch_alter_table("care_teams", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_care_teams_organization_id"))

    op.drop_table("care_teams")
    with op.batch_alter_table("patients", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_patients_organization_id"))

    op.drop_table("patients")
    with op.batch_alter_table("creations", schema=None) as batch_op:
        batch_op.drop_index("ix_creations_created_at")

    op.drop_table("creations")
    with op.batch_alter_table("clinicians", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_clinicians_organization_id"))

    op.drop_table("clinicians")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_organization_id"))

    op.drop_table("users")
    op.drop_table("organizations")
