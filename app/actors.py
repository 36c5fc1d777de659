"""Who acts: a frozen value that every action, query and audit line takes."""

from dataclasses import dataclass
from enum import StrEnum

from app.text import initials


class Role(StrEnum):
    """What a person is for the institution he acts for, or for the whole portal."""

    VISITOR = "visitor"
    MEMBER = "member"
    COORDINATOR = "coordinator"
    ADMIN = "admin"
    OPERATOR = "operator"
    INSPECTOR = "inspector"
    SYSTEM = "system"


_INSIDE = (Role.MEMBER, Role.COORDINATOR, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Place:
    """An institution that a person may act for, and what he is there."""

    institution_id: int
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in a role, for an institution.

    *voivodeship* is the two-digit code of an inspector's scope; *session_id* the server-side session, if any;
    *session_ends* (idle), *session_limit* (absolute) and *seen_at* are seconds since 1970. *admitted* is False while
    the institution's application waits: its people prepare drafts, see what visitors see, and show nothing to anybody.
    *places* are the institutions that the person may act for.
    """

    role: Role
    user_id: int | None = None
    institution_id: int | None = None
    name: str = ""
    email: str = ""
    institution_name: str = ""
    institution_slug: str = ""
    institution_kind: str = ""
    voivodeship: str | None = None
    language: str = "pl"
    session_id: int | None = None
    session_ends: float = 0.0
    session_limit: float = 0.0
    seen_at: float = 0.0
    synthetic: bool = False
    admitted: bool = True
    places: tuple[Place, ...] = ()

    @classmethod
    def visitor(cls) -> "Actor":
        """Return the actor who has not signed in."""
        return _VISITOR

    @classmethod
    def system(cls) -> "Actor":
        """Return the portal itself: worker, nightly jobs, commands."""
        return _SYSTEM

    @property
    def signed_in(self) -> bool:
        """Whether a person stands behind this actor."""
        return self.user_id is not None

    @property
    def initials(self) -> str:
        """Two letters for the badge beside the name."""
        return initials(self.name)

    @property
    def works_for_institution(self) -> bool:
        """Whether the actor is a member, coordinator or admin of an institution that has been admitted."""
        return self.role in _INSIDE and self.institution_id is not None and self.admitted

    @property
    def coordinates(self) -> bool:
        """Whether the actor may publish and decide for his institution."""
        return self.prepares and self.admitted

    @property
    def prepares(self) -> bool:
        """Whether the actor may write drafts for his institution, before it is admitted too."""
        return self.role in (Role.COORDINATOR, Role.ADMIN) and self.institution_id is not None


_VISITOR = Actor(role=Role.VISITOR)
_SYSTEM = Actor(role=Role.SYSTEM, name="Kładka")
