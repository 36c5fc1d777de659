"""Programmes."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "programme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "workshop",
                "family_therapy",
                "group_therapy",
                "vocational_training",
                "counselling",
                "homelessness_support",
                "infrastructure",
                "standing_programme",
                name="programmekind",
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
                "recruiting",
                "running",
                "completed",
                name="programmestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("voivodeship_code", sqlmodel.sql.sqltypes.AutoString(length=2), nullable=True),
        sa.Column("summary", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("target_group", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("goals", sa.Text(), server_default="", nullable=False),
        sa.Column("results", sa.Text(), server_default="", nullable=False),
        sa.Column("funding", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("grant_number", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("how_to_join", sqlmodel.sql.sqltypes.AutoString(length=600), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("recruiting_until", sa.Date(), nullable=True),
        sa.Column("sort_key", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("basis", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["institution.id"], name=op.f("fk_programme_lead_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["voivodeship_code"], ["voivodeship.code"], name=op.f("fk_programme_voivodeship_code"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("slug", name=op.f("uq_programme_slug")),
    )
    with op.batch_alter_table("programme", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_programme_lead_id"), ["lead_id"], unique=False)
        batch_op.create_index("ix_programme_listed", ["state", "sort_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_programme_voivodeship_code"), ["voivodeship_code"], unique=False)

    op.create_table(
        "programme_partner",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("part", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["institution.id"],
            name=op.f("fk_programme_partner_institution_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_programme_partner_programme_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("programme_id", "institution_id", name=op.f("pk_programme_partner")),
    )
    with op.batch_alter_table("programme_partner", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_programme_partner_institution_id"), ["institution_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("programme_partner", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_programme_partner_institution_id"))

    op.drop_table("programme_partner")
    with op.batch_alter_table("programme", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_programme_voivodeship_code"))
        batch_op.drop_index("ix_programme_listed")
        batch_op.drop_index(batch_op.f("ix_programme_lead_id"))

    op.drop_table("programme")
