"""The worker's sign of life."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel


class WorkerBeat(SQLModel, table=True):
    """When a worker was last seen, and the last Warsaw day whose nightly work is done."""

    __tablename__ = "worker_beat"

    id: int = Field(default=1, primary_key=True)
    seen_at: datetime
    nightly_done: date | None = None
