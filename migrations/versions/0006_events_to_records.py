"""Series, answers of partners, consent, approval and offers, gate, records, blocked days, search."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from alembic.operations import BatchOperations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PARTS_BEFORE = ("co_organiser", "invited")
_PARTS = (*_PARTS_BEFORE, "host")
_SIGNUP_STATES_BEFORE = ("seat", "waiting", "withdrawn")
_SIGNUP_STATES = (*_SIGNUP_STATES_BEFORE, "requested", "offered", "refused", "expired")
_COPIED = {
    "occurrence": ("event_id", "organiser_id", "place_institution_id"),
    "event": ("id", "organiser_id", "place_institution_id"),
}


def _check(batch_op: BatchOperations, table: str, column: str, kind: str, values: tuple[str, ...]) -> None:
    """Let the column check for these values, and for these alone."""
    listed = ", ".join(repr(value) for value in values)
    name = batch_op.f(f"ck_{table}_{kind}")
    batch_op.drop_constraint(name, type_="check")
    batch_op.create_check_constraint(name, sa.text(f"{column} IN ({listed})"))


def _index_active(batch_op: BatchOperations, where: str) -> None:
    """Let a person stand once among the rows of a date that count."""
    condition = sa.text(where)
    batch_op.create_index(
        "uq_signup_person",
        ["occurrence_id", "person_key"],
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "gate_print",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("printed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("printed_by", sa.Integer(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["institution.id"], name=op.f("fk_gate_print_unit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_print")),
    )
    with op.batch_alter_table("gate_print", schema=None) as batch_op:
        batch_op.create_index("ix_gate_print_unit", ["unit_id", "day"], unique=False)

    op.create_table(
        "gate_rules",
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column(
            "preset",
            sa.Enum(
                "names",
                "names_and_equipment",
                "custom",
                name="preset",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("freeze_days", sa.Integer(), nullable=False),
        sa.Column("extra_fields", sa.JSON(), nullable=False),
        sa.Column("equipment", sa.Boolean(), nullable=False),
        sa.Column("standing_text", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_gate_rules_institution_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_gate_rules")),
    )
    op.create_table(
        "unavailability",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("suspends", sa.Boolean(), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_unavailability_institution_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_unavailability_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unavailability")),
    )
    with op.batch_alter_table("unavailability", schema=None) as batch_op:
        batch_op.create_index("ix_unavailability_days", ["institution_id", "last_day"], unique=False)

    op.create_table(
        "event_speaker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("function", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_speaker_event_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_event_speaker_institution_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_speaker")),
    )
    with op.batch_alter_table("event_speaker", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_speaker_event_id"), ["event_id"], unique=False)

    op.create_table(
        "event_word",
        sa.Column("word", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_word_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("word", "event_id", name=op.f("pk_event_word")),
    )
    with op.batch_alter_table("event_word", schema=None) as batch_op:
        batch_op.create_index("ix_event_word_day", ["word", "last_day"], unique=False)
        batch_op.create_index("ix_event_word_event", ["event_id"], unique=False)

    op.create_table(
        "gate_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column(
            "origin",
            sa.Enum("sign_up", "speaker", "guest", name="origin", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("signup_id", sa.Integer(), nullable=True),
        sa.Column("speaker_id", sa.Integer(), nullable=True),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("person", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("function", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("instead_of", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("extras", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "listed",
                "requested",
                "approved",
                "refused",
                "removed",
                name="entrystate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("decided_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("erased_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_gate_entry_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_gate_entry_occurrence_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["institution.id"], name=op.f("fk_gate_entry_unit_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_entry")),
    )
    with op.batch_alter_table("gate_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gate_entry_occurrence_id"), ["occurrence_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_gate_entry_signup_id"), ["signup_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_gate_entry_speaker_id"), ["speaker_id"], unique=False)
        batch_op.create_index("ix_gate_entry_unit", ["unit_id", "local_date"], unique=False)

    op.create_table(
        "gate_equipment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("what", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("serial", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "listed",
                "requested",
                "approved",
                "refused",
                "removed",
                name="entrystate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("decided_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("erased_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_gate_equipment_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_gate_equipment_occurrence_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["institution.id"], name=op.f("fk_gate_equipment_unit_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_equipment")),
    )
    with op.batch_alter_table("gate_equipment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gate_equipment_occurrence_id"), ["occurrence_id"], unique=False)
        batch_op.create_index("ix_gate_equipment_unit", ["unit_id", "local_date"], unique=False)

    op.create_table(
        "record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("occurrence_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open", "submitted", "sealed", name="recordstate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum("held", "not_held", name="outcome", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "prison",
                "welfare",
                "organisation",
                "nobody",
                name="side",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("reason_note", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("people_inside", sa.Integer(), nullable=True),
        sa.Column("family_members", sa.Integer(), nullable=True),
        sa.Column("others", sa.Integer(), nullable=True),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("submitted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("sealed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("seal", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("story", sqlmodel.sql.sqltypes.AutoString(length=600), nullable=False),
        sa.Column("story_link", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("story_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_record_occurrence_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("occurrence_id", name=op.f("uq_record_occurrence_id")),
    )
    op.create_table(
        "attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("signup_id", sa.Integer(), nullable=True),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("person", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("function", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_attendance_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_attendance_record_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_attendance_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
    )
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attendance_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attendance_record_id"), ["record_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attendance_signup_id"), ["signup_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attendance_user_id"), ["user_id"], unique=False)

    op.create_table(
        "record_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column(
            "reply",
            sa.Enum(
                "asked",
                "confirmed",
                "remarked",
                "silent",
                name="reply",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("remark", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("replied_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("replied_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_record_reply_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_record_reply_record_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_reply")),
        sa.UniqueConstraint("record_id", "institution_id", name="uq_record_reply_institution"),
    )
    with op.batch_alter_table("record_reply", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_reply_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "record_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_record_remark_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_record_remark_record_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_remark")),
    )
    with op.batch_alter_table("record_remark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_remark_record_id"), ["record_id"], unique=False)

    with op.batch_alter_table("record", schema=None) as batch_op:
        told = sa.text("story_at IS NOT NULL")
        batch_op.create_index("ix_record_story", ["story_at"], unique=False, sqlite_where=told, postgresql_where=told)

    op.create_table(
        "record_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_record_task_institution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_record_task_record_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_task")),
    )
    with op.batch_alter_table("record_task", schema=None) as batch_op:
        batch_op.create_index("ix_record_task_open", ["institution_id", "done_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_record_task_record_id"), ["record_id"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer(), nullable=False),
        sa.Column("issued_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("issued_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attendance_id"], ["attendance.id"], name=op.f("fk_certificate_attendance_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("attendance_id", name=op.f("uq_certificate_attendance_id")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.alter_column("occurrence_id", existing_type=sa.INTEGER(), nullable=True)

    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("room_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("horizon", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("continues_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("part_of_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "admission",
                sa.Enum("open", "approval", name="admission", native_enum=False, create_constraint=True, length=32),
                nullable=False,
                server_default="open",
            )
        )
        batch_op.add_column(
            sa.Column(
                "promotion",
                sa.Enum("automatic", "offer", name="promotion", native_enum=False, create_constraint=True, length=32),
                nullable=False,
                server_default="automatic",
            )
        )
        batch_op.add_column(sa.Column("offer_hours", sa.Integer(), nullable=False, server_default="24"))
        batch_op.add_column(
            sa.Column(
                "signup_scope",
                sa.Enum("date", "series", name="signupscope", native_enum=False, create_constraint=True, length=32),
                nullable=False,
                server_default="date",
            )
        )
        batch_op.add_column(
            sa.Column(
                "consent",
                sa.Enum(
                    "not_needed",
                    "pending",
                    "granted",
                    name="consent",
                    native_enum=False,
                    create_constraint=True,
                    length=32,
                ),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("consent_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("children", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("minors_checked_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("minors_standards", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("agenda", sa.Text(), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_event_continues_id"), ["continues_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_horizon"), ["horizon"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_part_of_id"), ["part_of_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_event_part_of_id"), "event", ["part_of_id"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_foreign_key(batch_op.f("fk_event_room_id"), "room", ["room_id"], ["id"], ondelete="SET NULL")
        batch_op.create_foreign_key(
            batch_op.f("fk_event_continues_id"), "event", ["continues_id"], ["id"], ondelete="SET NULL"
        )

    with op.batch_alter_table("event_party", schema=None) as batch_op:
        _check(batch_op, "event_party", "part", "part", _PARTS)
        batch_op.add_column(
            sa.Column(
                "answer",
                sa.Enum(
                    "asked",
                    "confirmed",
                    "declined",
                    "outside",
                    name="answer",
                    native_enum=False,
                    create_constraint=True,
                    length=32,
                ),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("asked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("answered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("answered_by", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False, server_default="")
        )

    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("organiser_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("place_institution_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("room_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("room", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=True))
        batch_op.add_column(sa.Column("moved", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column("cancel_reason", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("requested", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column(
                "outcome",
                sa.Enum("held", "not_held", name="outcome", native_enum=False, create_constraint=True, length=32),
                nullable=True,
            )
        )
        batch_op.create_index("ix_occurrence_organiser", ["organiser_id", "starts_at"], unique=False)
        batch_op.create_index("ix_occurrence_place", ["place_institution_id", "starts_at"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_occurrence_place_institution_id"),
            "institution",
            ["place_institution_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_occurrence_room_id"), "room", ["room_id"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_occurrence_organiser_id"), "institution", ["organiser_id"], ["id"], ondelete="RESTRICT"
        )

    # Dates follow their event.
    dates, events = (sa.table(name, *map(sa.column, names)) for name, names in _COPIED.items())
    op.execute(
        dates.update().values(
            {
                name: sa.select(events.c[name]).where(events.c.id == dates.c.event_id).scalar_subquery()
                for name in ("organiser_id", "place_institution_id")
            }
        )
    )
    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.alter_column("organiser_id", existing_type=sa.Integer(), nullable=False)

    with op.batch_alter_table("signup", schema=None) as batch_op:
        batch_op.drop_index("uq_signup_person")
        _check(batch_op, "signup", "state", "signupstate", _SIGNUP_STATES)
        batch_op.add_column(sa.Column("offer_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("holds_seat", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("note", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("decided_by", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("decided_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("erased_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        _index_active(batch_op, "state NOT IN ('withdrawn', 'refused', 'expired')")
        batch_op.create_index(
            "ix_signup_offer",
            ["offer_until"],
            unique=False,
            sqlite_where=sa.text("state = 'offered'"),
            postgresql_where=sa.text("state = 'offered'"),
        )


def downgrade() -> None:
    """Go back."""
    signups, parties = sa.table("signup", sa.column("state")), sa.table("event_party", sa.column("part"))
    op.execute(signups.update().where(signups.c.state.not_in(_SIGNUP_STATES_BEFORE)).values(state="withdrawn"))
    op.execute(parties.update().where(parties.c.part.not_in(_PARTS_BEFORE)).values(part="invited"))
    with op.batch_alter_table("signup", schema=None) as batch_op:
        batch_op.drop_index("uq_signup_person")
        _check(batch_op, "signup", "state", "signupstate", _SIGNUP_STATES_BEFORE)
        _index_active(batch_op, "state <> 'withdrawn'")
        batch_op.drop_index("ix_signup_offer")
        batch_op.drop_column("erased_at")
        batch_op.drop_column("decided_at")
        batch_op.drop_column("decided_by")
        batch_op.drop_column("note")
        batch_op.drop_column("reason")
        batch_op.drop_column("holds_seat")
        batch_op.drop_column("offer_until")

    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_occurrence_organiser_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_occurrence_room_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_occurrence_place_institution_id"), type_="foreignkey")
        batch_op.drop_index("ix_occurrence_place")
        batch_op.drop_index("ix_occurrence_organiser")
        batch_op.drop_constraint(batch_op.f("ck_occurrence_outcome"), type_="check")
        batch_op.drop_column("outcome")
        batch_op.drop_column("requested")
        batch_op.drop_column("cancel_reason")
        batch_op.drop_column("moved")
        batch_op.drop_column("room")
        batch_op.drop_column("room_id")
        batch_op.drop_column("place_institution_id")
        batch_op.drop_column("organiser_id")

    with op.batch_alter_table("event_party", schema=None) as batch_op:
        _check(batch_op, "event_party", "part", "part", _PARTS_BEFORE)
        batch_op.drop_column("reason")
        batch_op.drop_column("answered_by")
        batch_op.drop_column("answered_at")
        batch_op.drop_column("asked_at")
        batch_op.drop_constraint(batch_op.f("ck_event_party_answer"), type_="check")
        batch_op.drop_column("answer")

    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_event_continues_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_event_room_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_event_part_of_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_event_part_of_id"))
        batch_op.drop_index(batch_op.f("ix_event_horizon"))
        batch_op.drop_index(batch_op.f("ix_event_continues_id"))
        batch_op.drop_column("agenda")
        batch_op.drop_column("minors_standards")
        batch_op.drop_column("minors_checked_on")
        batch_op.drop_column("children")
        batch_op.drop_column("consent_on")
        batch_op.drop_constraint(batch_op.f("ck_event_consent"), type_="check")
        batch_op.drop_column("consent")
        batch_op.drop_constraint(batch_op.f("ck_event_signupscope"), type_="check")
        batch_op.drop_column("signup_scope")
        batch_op.drop_column("offer_hours")
        batch_op.drop_constraint(batch_op.f("ck_event_promotion"), type_="check")
        batch_op.drop_column("promotion")
        batch_op.drop_constraint(batch_op.f("ck_event_admission"), type_="check")
        batch_op.drop_column("admission")
        batch_op.drop_column("part_of_id")
        batch_op.drop_column("continues_id")
        batch_op.drop_column("horizon")
        batch_op.drop_column("room_id")

    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.alter_column("occurrence_id", existing_type=sa.INTEGER(), nullable=False)

    op.drop_table("certificate")
    with op.batch_alter_table("record_task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_task_record_id"))
        batch_op.drop_index("ix_record_task_open")

    op.drop_table("record_task")
    op.drop_table("record_remark")
    with op.batch_alter_table("record_reply", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_reply_institution_id"))

    op.drop_table("record_reply")
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attendance_user_id"))
        batch_op.drop_index(batch_op.f("ix_attendance_signup_id"))
        batch_op.drop_index(batch_op.f("ix_attendance_record_id"))
        batch_op.drop_index(batch_op.f("ix_attendance_institution_id"))

    op.drop_table("attendance")
    op.drop_table("record")
    with op.batch_alter_table("gate_equipment", schema=None) as batch_op:
        batch_op.drop_index("ix_gate_equipment_unit")
        batch_op.drop_index(batch_op.f("ix_gate_equipment_occurrence_id"))

    op.drop_table("gate_equipment")
    with op.batch_alter_table("gate_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_gate_entry_unit")
        batch_op.drop_index(batch_op.f("ix_gate_entry_speaker_id"))
        batch_op.drop_index(batch_op.f("ix_gate_entry_signup_id"))
        batch_op.drop_index(batch_op.f("ix_gate_entry_occurrence_id"))

    op.drop_table("gate_entry")
    with op.batch_alter_table("event_word", schema=None) as batch_op:
        batch_op.drop_index("ix_event_word_event")
        batch_op.drop_index("ix_event_word_day")

    op.drop_table("event_word")
    with op.batch_alter_table("event_speaker", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_speaker_event_id"))

    op.drop_table("event_speaker")
    with op.batch_alter_table("unavailability", schema=None) as batch_op:
        batch_op.drop_index("ix_unavailability_days")

    op.drop_table("unavailability")
    op.drop_table("gate_rules")
    with op.batch_alter_table("gate_print", schema=None) as batch_op:
        batch_op.drop_index("ix_gate_print_unit")

    op.drop_table("gate_print")
