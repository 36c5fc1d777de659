"""The table of uploads that wait for a word."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel


class Upload(SQLModel, table=True):
    """A table that an operator has had checked and may now take over as it is; kept one day."""

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", ondelete="CASCADE", index=True)
    subject: str = Field(max_length=40, description="what its rows are: institutions, services, agreements, shelters")
    filename: str = Field(max_length=200)
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    uploaded_at: datetime
