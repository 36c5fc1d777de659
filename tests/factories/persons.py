"""Accounts, memberships, and the persons who stand in every test."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlmodel import Session

from app.accounts.actions import configure_hashing, hash_password
from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.clock import now
from partners.institutions.models import Institution, Kind
from partners.people.models import Membership
from tests.factories.institutions import make_institution
from tests.factories.rows import add

PASSWORD = "cztery zielone mosty"


@dataclass(frozen=True)
class Person:
    """An account as tests use it: `actor` for actions and queries, address and password for the browser."""

    user_id: int
    name: str
    email: str
    actor: Actor
    institution: Institution | None = None
    password: str = field(default=PASSWORD, repr=False)

    @property
    def institution_id(self) -> int:
        assert self.institution is not None
        assert self.institution.id is not None
        return self.institution.id


@dataclass(frozen=True)
class People:
    """Who stands in every test, with his institution."""

    ewa: Person  # coordinates the prison
    adam: Person  # administers the prison's accounts
    marek: Person  # coordinates the MOPS
    piotr: Person  # works at the MOPS, member
    jola: Person  # coordinates the NGO
    stefan: Person  # coordinates a welfare centre that has nothing to do with the others
    zofia: Person  # coordinates another prison
    wanda: Person  # inspects the voivodeship of all of them
    olga: Person  # operates the portal

    @property
    def prison(self) -> Institution:
        return _of(self.ewa)

    @property
    def mops(self) -> Institution:
        return _of(self.marek)

    @property
    def ngo(self) -> Institution:
        return _of(self.jola)

    @property
    def stranger(self) -> Institution:
        return _of(self.stefan)


@cache
def _hash() -> str:
    configure_hashing(32)
    return hash_password(PASSWORD)


def make_account(session: Session, name: str, email: str, **columns: Any) -> UserAccount:
    """Add an account whose password is PASSWORD."""
    values: dict[str, Any] = {"name": name, "email": email, "password_hash": _hash(), "created_at": now(), **columns}
    return add(session, UserAccount, **values)


def make_person(
    session: Session, name: str, institution: Institution | None, role: Role = Role.COORDINATOR, **columns: Any
) -> Person:
    """Add an account and, for a role inside an institution, its membership."""
    email = f"{name.split(maxsplit=1)[0].lower()}@{institution.slug if institution else 'urzad'}.example"
    user = make_account(session, name, email, **columns)
    assert user.id is not None
    if institution is not None:
        session.add(Membership(user_id=user.id, institution_id=institution.id or 0, role=role, since=now()))
        session.flush()
    actor = Actor(
        role=role,
        user_id=user.id,
        institution_id=institution.id if institution else None,
        name=name,
        email=email,
        institution_name=institution.name if institution else "",
        institution_slug=institution.slug if institution else "",
        institution_kind=institution.kind.value if institution else "",
        voivodeship=user.inspects,
    )
    return Person(user.id, name, email, actor, institution)


def make_people(session: Session) -> People:
    """Add the standing persons and their institutions."""
    prison = make_institution(session, "zk-kladkowo", Kind.PRISON, "Zakład Karny w Kładkowie")
    mops = make_institution(session, "mops-kladkowo", Kind.MOPS, "MOPS w Kładkowie")
    ngo = make_institution(session, "most", Kind.NGO, "Stowarzyszenie Pokazowe „Most”")
    ops = make_institution(session, "ops-brodek", Kind.OPS, "OPS w Bródku", voivodeship="14")
    jail = make_institution(session, "as-brodek", Kind.REMAND_PRISON, "Areszt Śledczy w Bródku", voivodeship="14")
    return People(
        ewa=make_person(session, "Ewa Pokazowa", prison),
        adam=make_person(session, "Adam Pokazowy", prison, Role.ADMIN),
        marek=make_person(session, "Marek Przykładowy", mops),
        piotr=make_person(session, "Piotr Wzorcowy", mops, Role.MEMBER),
        jola=make_person(session, "Jola Próbna", ngo),
        stefan=make_person(session, "Stefan Wzorcowy", ops),
        zofia=make_person(session, "Zofia Próbna", jail),
        wanda=make_person(session, "Wanda Przykładowa", None, Role.INSPECTOR, inspects="08"),
        olga=make_person(session, "Olga Próbna", None, Role.OPERATOR, is_operator=True),
    )


def _of(person: Person) -> Institution:
    assert person.institution is not None
    return person.institution
