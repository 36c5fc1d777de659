"""The table of stored files."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

NAME_MAX = 120


class StoredFile(SQLModel, table=True):
    """A file as it came, with its SHA-256. *uuid* is its address; who may read it is said by what points to it."""

    __tablename__ = "stored_file"

    id: int | None = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    name: str = Field(max_length=NAME_MAX)
    media_type: str = Field(max_length=60)
    size: int = Field(description="bytes")
    digest: str = Field(max_length=64)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    stored_at: datetime
    stored_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
