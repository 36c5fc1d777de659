"""Calendar, shelf, sign-ups."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "feed_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "public",
                "institution",
                "programme",
                name="feedkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("modified", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_state")),
        sa.UniqueConstraint("kind", "owner_id", name="uq_feed_state_owner"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("uid", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "group_meeting",
                "individual_meeting",
                "duty_hours",
                "staff_training",
                "study_visit",
                "coordination_meeting",
                "conference",
                "council_meeting",
                "workshop",
                "family_therapy",
                "group_therapy",
                "individual_therapy",
                "vocational_training",
                "counselling",
                "administrative_step",
                "other",
                name="eventkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "published",
                "cancelled",
                "removed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "visibility",
            sa.Enum(
                "public", "partners", "invited", name="visibility", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("organiser_id", sa.Integer(), nullable=False),
        sa.Column("place_institution_id", sa.Integer(), nullable=True),
        sa.Column("place", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("room", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("online_link", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("voivodeship_code", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=True),
        sa.Column("programme_id", sa.Integer(), nullable=True),
        sa.Column("clause_id", sa.Integer(), nullable=True),
        sa.Column("local_start", sa.DateTime(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("zone", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column(
            "split",
            sa.Enum("split", "all_or_nothing", name="split", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("signup_closes_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("withdraw_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("contact", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("cancel_reason", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("basis", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("published_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("cancelled_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["clause_id"], ["clause.id"], name=op.f("fk_event_clause_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["organiser_id"], ["institution.id"], name=op.f("fk_event_organiser_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["place_institution_id"],
            ["institution.id"],
            name=op.f("fk_event_place_institution_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_event_programme_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["voivodeship_code"], ["voivodeship.code"], name=op.f("fk_event_voivodeship_code"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("uuid", name=op.f("uq_event_uuid")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_clause_id"), ["clause_id"], unique=False)
        batch_op.create_index("ix_event_organiser", ["organiser_id", "state"], unique=False)
        batch_op.create_index("ix_event_place", ["place_institution_id", "state"], unique=False)
        batch_op.create_index("ix_event_programme", ["programme_id", "state"], unique=False)

    op.create_table(
        "event_ics",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("render", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("last_day", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("modified", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ics", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_ics_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_ics")),
    )
    with op.batch_alter_table("event_ics", schema=None) as batch_op:
        batch_op.create_index("ix_event_ics_window", ["last_day"], unique=False)

    op.create_table(
        "event_party",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column(
            "part",
            sa.Enum("co_organiser", "invited", name="part", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_party_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_event_party_institution_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("event_id", "institution_id", name=op.f("pk_event_party")),
    )
    with op.batch_alter_table("event_party", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_party_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "feed_event",
        sa.Column(
            "kind",
            sa.Enum(
                "public",
                "institution",
                "programme",
                name="feedkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_feed_event_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kind", "owner_id", "event_id", name=op.f("pk_feed_event")),
    )
    with op.batch_alter_table("feed_event", schema=None) as batch_op:
        batch_op.create_index("ix_feed_event_event", ["event_id"], unique=False)

    op.create_table(
        "occurrence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("original_local", sa.DateTime(), nullable=False),
        sa.Column("starts_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "published",
                "cancelled",
                "removed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "visibility",
            sa.Enum(
                "public", "partners", "invited", name="visibility", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "group_meeting",
                "individual_meeting",
                "duty_hours",
                "staff_training",
                "study_visit",
                "coordination_meeting",
                "conference",
                "council_meeting",
                "workshop",
                "family_therapy",
                "group_therapy",
                "individual_therapy",
                "vocational_training",
                "counselling",
                "administrative_step",
                "other",
                name="eventkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("voivodeship_code", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=True),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=True),
        sa.Column("place", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("seats_taken", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("next_queue_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_occurrence_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrence")),
        sa.UniqueConstraint("event_id", "original_local", name="uq_occurrence_original"),
    )
    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.create_index(
            "ix_occurrence_day", ["local_date", "starts_at", "id", "visibility", "state", "event_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_occurrence_event_id"), ["event_id"], unique=False)
        batch_op.create_index("ix_occurrence_listed", ["visibility", "state", "starts_at", "id"], unique=False)
        batch_op.create_index("ix_occurrence_upcoming", ["starts_at", "id"], unique=False)

    op.create_table(
        "booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_booking_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_booking_occurrence_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("key", name=op.f("uq_booking_key")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booking_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_booking_occurrence_id"), ["occurrence_id"], unique=False)

    op.create_table(
        "signup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("person", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("function", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column("person_key", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "seat", "waiting", "withdrawn", name="signupstate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("queue_no", sa.Integer(), nullable=False),
        sa.Column("signed_up_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_signup_booking_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_signup_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_signup_occurrence_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_signup_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signup")),
        sa.UniqueConstraint("occurrence_id", "queue_no", name="uq_signup_queue"),
    )
    with op.batch_alter_table("signup", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signup_booking_id"), ["booking_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_signup_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index("ix_signup_state", ["occurrence_id", "state", "queue_no"], unique=False)
        batch_op.create_index(batch_op.f("ix_signup_user_id"), ["user_id"], unique=False)
        batch_op.create_index(
            "uq_signup_person",
            ["occurrence_id", "person_key"],
            unique=True,
            sqlite_where=sa.text("state <> 'withdrawn'"),
            postgresql_where=sa.text("state <> 'withdrawn'"),
        )


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("signup", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_signup_person",
            sqlite_where=sa.text("state <> 'withdrawn'"),
            postgresql_where=sa.text("state <> 'withdrawn'"),
        )
        batch_op.drop_index(batch_op.f("ix_signup_user_id"))
        batch_op.drop_index("ix_signup_state")
        batch_op.drop_index(batch_op.f("ix_signup_institution_id"))
        batch_op.drop_index(batch_op.f("ix_signup_booking_id"))

    op.drop_table("signup")
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_booking_occurrence_id"))
        batch_op.drop_index(batch_op.f("ix_booking_institution_id"))

    op.drop_table("booking")
    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.drop_index("ix_occurrence_upcoming")
        batch_op.drop_index("ix_occurrence_listed")
        batch_op.drop_index(batch_op.f("ix_occurrence_event_id"))
        batch_op.drop_index("ix_occurrence_day")

    op.drop_table("occurrence")
    with op.batch_alter_table("feed_event", schema=None) as batch_op:
        batch_op.drop_index("ix_feed_event_event")

    op.drop_table("feed_event")
    with op.batch_alter_table("event_party", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_party_institution_id"))

    op.drop_table("event_party")
    with op.batch_alter_table("event_ics", schema=None) as batch_op:
        batch_op.drop_index("ix_event_ics_window")

    op.drop_table("event_ics")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_programme")
        batch_op.drop_index("ix_event_place")
        batch_op.drop_index("ix_event_organiser")
        batch_op.drop_index(batch_op.f("ix_event_clause_id"))

    op.drop_table("event")
    op.drop_table("feed_state")
