"""Visit requests, duty hours, personal calendar feeds."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from alembic.operations import BatchOperations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FEEDS_BEFORE = ("public", "institution", "programme")
_FEEDS = (*_FEEDS_BEFORE, "inner")


def _check_feeds(batch_op: BatchOperations, table: str, values: tuple[str, ...]) -> None:
    """Let the kind of a feed be one of these values."""
    listed = ", ".join(repr(value) for value in values)
    name = batch_op.f(f"ck_{table}_feedkind")
    batch_op.drop_constraint(name, type_="check")
    batch_op.create_check_constraint(name, sa.text(f"kind IN ({listed})"))


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "visit_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_visit_counter")),
    )
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("busy", sa.Boolean(), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_fetched_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_client", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("revoked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_calendar_feed_institution_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_calendar_feed_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    with op.batch_alter_table("calendar_feed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_feed_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_calendar_feed_user_id"), ["user_id"], unique=False)

    op.create_table(
        "visit_rules",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_visit_rules_institution_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_visit_rules")),
    )
    op.create_table(
        "duty_hint_set_aside",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column(
            "hint",
            sa.Enum("merge", "extra", name="hint", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_duty_hint_set_aside_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "hint", name=op.f("pk_duty_hint_set_aside")),
    )
    op.create_table(
        "event_inner_ics",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("render", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("last_day", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("modified", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ics", sa.LargeBinary(), nullable=False),
        sa.Column("busy", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_inner_ics_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_inner_ics")),
    )
    with op.batch_alter_table("event_inner_ics", schema=None) as batch_op:
        batch_op.create_index("ix_event_inner_ics_window", ["last_day"], unique=False)

    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column(
            "path",
            sa.Enum(
                "invitation", "request", "assistance", name="path", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "countered",
                "accepted",
                "moving",
                "refused",
                "withdrawn",
                "expired",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asking_id", sa.Integer(), nullable=False),
        sa.Column("asked_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
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
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("visitors", sa.Integer(), nullable=False),
        sa.Column("participants", sa.Integer(), nullable=True),
        sa.Column("clause_id", sa.Integer(), nullable=True),
        sa.Column("reply_email", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=True),
        sa.Column("slot_persons", sa.Integer(), nullable=True),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("open_step_id", sa.Integer(), nullable=True),
        sa.Column("turn_of_id", sa.Integer(), nullable=True),
        sa.Column("nudge_on", sa.Date(), nullable=True),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("nudged_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("escalated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("closed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["asked_id"], ["institution.id"], name=op.f("fk_visit_asked_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["asking_id"], ["institution.id"], name=op.f("fk_visit_asking_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["clause_id"], ["clause.id"], name=op.f("fk_visit_clause_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_visit_event_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_visit_made_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["turn_of_id"], ["institution.id"], name=op.f("fk_visit_turn_of_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["institution.id"], name=op.f("fk_visit_unit_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("number", name=op.f("uq_visit_number")),
        sa.UniqueConstraint("key", name=op.f("uq_visit_key")),
        sa.UniqueConstraint("event_id", name=op.f("uq_visit_event_id")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index("ix_visit_asked", ["asked_id", "changed_at"], unique=False)
        batch_op.create_index("ix_visit_asking", ["asking_id", "changed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_clause_id"), ["clause_id"], unique=False)
        batch_op.create_index("ix_visit_expires", ["expires_on"], unique=False)
        batch_op.create_index("ix_visit_turn", ["turn_of_id", "answer_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "duty_booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("booked_by", sa.Integer(), nullable=True),
        sa.Column("booked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["booked_by"], ["user_account.id"], name=op.f("fk_duty_booking_booked_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_duty_booking_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_duty_booking_occurrence_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_booking")),
        sa.UniqueConstraint("key", name=op.f("uq_duty_booking_key")),
    )
    with op.batch_alter_table("duty_booking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duty_booking_booked_by"), ["booked_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_duty_booking_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index("ix_duty_booking_slot", ["occurrence_id", "slot"], unique=False)

    op.create_table(
        "visit_seen",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_visit_seen_institution_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_seen_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("visit_id", "institution_id", name=op.f("pk_visit_seen")),
    )
    with op.batch_alter_table("visit_seen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_seen_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "visit_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "ask",
                "counter",
                "accept",
                "refuse",
                "withdraw",
                "move",
                "cancel",
                "say",
                "nudge",
                "escalate",
                "expire",
                name="act",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("to_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("by_link", sa.Boolean(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("waited_days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_visit_step_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["to_id"], ["institution.id"], name=op.f("fk_visit_step_to_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_visit_step_user_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_step_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_step")),
        sa.UniqueConstraint("visit_id", "position", name="uq_visit_step_position"),
    )
    with op.batch_alter_table("visit_step", schema=None) as batch_op:
        batch_op.create_index("ix_visit_step_answer", ["institution_id", "to_id", "waited_days"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_step_to_id"), ["to_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_step_user_id"), ["user_id"], unique=False)

    op.create_table(
        "visit_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("to_address", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["step_id"], ["visit_step.id"], name=op.f("fk_visit_link_step_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_link_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_visit_link_token_hash")),
    )
    with op.batch_alter_table("visit_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_link_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "visit_option",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("starts_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("room", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "accepted", "lapsed", name="optionstate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_visit_option_room_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["step_id"], ["visit_step.id"], name=op.f("fk_visit_option_step_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["institution.id"], name=op.f("fk_visit_option_unit_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_option_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_option")),
    )
    with op.batch_alter_table("visit_option", schema=None) as batch_op:
        batch_op.create_index(
            "ix_visit_option_held",
            ["unit_id", "starts_at"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(batch_op.f("ix_visit_option_step_id"), ["step_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_option_visit_id"), ["visit_id"], unique=False)

    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("slot_minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("slot_persons", sa.Integer(), nullable=True))

    with op.batch_alter_table("signup", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signup_institution_id"))
        batch_op.create_index("ix_signup_institution", ["institution_id", "changed_at"], unique=False)

    for table in ("feed_event", "feed_state"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            _check_feeds(batch_op, table, _FEEDS)


def downgrade() -> None:
    """Go back."""
    for table in ("feed_event", "feed_state"):
        op.execute(f"DELETE FROM {table} WHERE kind = 'inner'")  # noqa: S608 - names of our own
        with op.batch_alter_table(table, schema=None) as batch_op:
            _check_feeds(batch_op, table, _FEEDS_BEFORE)
    with op.batch_alter_table("signup", schema=None) as batch_op:
        batch_op.drop_index("ix_signup_institution")
        batch_op.create_index(batch_op.f("ix_signup_institution_id"), ["institution_id"], unique=False)

    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_column("slot_persons")
        batch_op.drop_column("slot_minutes")

    with op.batch_alter_table("visit_option", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_option_visit_id"))
        batch_op.drop_index(batch_op.f("ix_visit_option_step_id"))
        batch_op.drop_index(
            "ix_visit_option_held", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )

    op.drop_table("visit_option")
    with op.batch_alter_table("visit_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_link_visit_id"))

    op.drop_table("visit_link")
    with op.batch_alter_table("visit_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_step_user_id"))
        batch_op.drop_index(batch_op.f("ix_visit_step_to_id"))
        batch_op.drop_index("ix_visit_step_answer")

    op.drop_table("visit_step")
    with op.batch_alter_table("visit_seen", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_seen_institution_id"))

    op.drop_table("visit_seen")
    with op.batch_alter_table("duty_booking", schema=None) as batch_op:
        batch_op.drop_index("ix_duty_booking_slot")
        batch_op.drop_index(batch_op.f("ix_duty_booking_institution_id"))
        batch_op.drop_index(batch_op.f("ix_duty_booking_booked_by"))

    op.drop_table("duty_booking")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_unit_id"))
        batch_op.drop_index("ix_visit_turn")
        batch_op.drop_index("ix_visit_expires")
        batch_op.drop_index(batch_op.f("ix_visit_clause_id"))
        batch_op.drop_index("ix_visit_asking")
        batch_op.drop_index("ix_visit_asked")

    op.drop_table("visit")
    with op.batch_alter_table("event_inner_ics", schema=None) as batch_op:
        batch_op.drop_index("ix_event_inner_ics_window")

    op.drop_table("event_inner_ics")
    op.drop_table("duty_hint_set_aside")
    op.drop_table("visit_rules")
    with op.batch_alter_table("calendar_feed", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_feed_user_id"))
        batch_op.drop_index(batch_op.f("ix_calendar_feed_institution_id"))

    op.drop_table("calendar_feed")
    op.drop_table("visit_counter")
