"""What a table may hold, what happens to its rows, and the refusals of an import; plain values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_

UPLOAD_KEPT = timedelta(days=1)
CHANGES_SHOWN = 200
PROBLEMS_SHOWN = 100


class Subject(StrEnum):
    """What the rows of a table are."""

    INSTITUTIONS = "institutions"
    SERVICES = "services"
    AGREEMENTS = "agreements"
    SHELTERS = "shelters"


SUBJECT_LABEL: Mapping[Subject, str] = {
    Subject.INSTITUTIONS: N_("Institutions"),
    Subject.SERVICES: N_("Services of institutions"),
    Subject.AGREEMENTS: N_("Agreements"),
    Subject.SHELTERS: N_("Voivode’s register of shelters or training flats"),
}
SUBJECT_WORD: Mapping[Subject, str] = {
    Subject.INSTITUTIONS: "instytucje",
    Subject.SERVICES: "uslugi",
    Subject.AGREEMENTS: "porozumienia",
    Subject.SHELTERS: "rejestr-wojewody",
}
"""How files and addresses call a subject."""


class OperatorsOnly(Forbidden):
    """An import by somebody who is not the operator."""

    message = N_("Only the operator of the portal takes tables over.")


class ChangedMeanwhile(Conflict):
    """The table would now do something else than the page has shown."""

    message = N_("The data have changed since you looked at this table. See what it would do now and confirm again.")


class Wrong(Refusal):
    """A cell that cannot be taken: caught where the row is read, and told with its line and column."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused: *line* as the spreadsheet counts, *column* as the file calls it, *message* a msgid."""

    line: int
    column: str
    message: str
    params: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the English sentence, for the command line."""
        where = f"line {self.line}, column “{self.column}”" if self.column else f"line {self.line}"
        return f"{where}: {self.message % self.params if self.params else self.message}"


@dataclass(frozen=True, slots=True)
class CellChange:
    """One value that a row changes, in the words of the file."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one row does: *cells* are empty for a new thing; *kept* means that its own people look after it."""

    line: int
    key: str
    name: str
    new: bool
    cells: tuple[CellChange, ...] = ()
    kept: bool = False


@dataclass(slots=True)
class Outcome:
    """What a table does, or would do. Of many changes and problems the first are kept, all are counted.

    *mark* tells two outcomes apart: what was shown is what is confirmed.
    """

    subject: Subject
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    mark: str = ""

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.created + self.changed + self.unchanged + self.refused

    @property
    def does_something(self) -> bool:
        """Whether there is anything to take over."""
        return bool(self.created or self.changed) and not self.problem_count


class FileRefused(Refusal):
    """A table with at least one bad row: nothing of it is taken over; *outcome* names them."""

    message = N_("The table has mistakes, so nothing of it was taken over. Correct the rows named here.")

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def may_import(actor: Actor) -> bool:
    """Whether *actor* may check tables and take them over: the operator, and commands on the server."""
    return actor.role in (Role.OPERATOR, Role.SYSTEM)
