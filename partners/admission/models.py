"""The table of applications."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.db import choice


class ApplicationState(StrEnum):
    """Where an application stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Application(SQLModel, table=True):
    """A request to admit an institution, which exists from the first moment as *applied*.

    The applicant's name and address go when the application is decided: from then on a membership says who he is.
    """

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", unique=True)
    applicant_name: str = Field(default="", max_length=120)
    applicant_email: str = Field(default="", max_length=254)
    applicant_function: str = Field(default="", max_length=120)
    message: str = Field(default="", max_length=1000)
    applied_at: datetime
    state: ApplicationState = Field(default=ApplicationState.WAITING, sa_type=choice(ApplicationState), index=True)
    reason: str = Field(default="", max_length=500)
    decided_at: datetime | None = None
    decided_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
