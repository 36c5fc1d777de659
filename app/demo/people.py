"""The demo's people: accounts, memberships, and who may be signed up from which invented institution."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.accounts.actions import add_account, hash_password
from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.demo.seed import Entry
from app.demo.vocabulary import Ids
from app.portal.facts import DEMO_PASSWORD
from app.text import fold
from events.signups.rules import Person
from partners.admission.actions import apply
from partners.admission.rules import Applied
from partners.institutions.models import Institution, Kind
from partners.people.actions import add_member, issue
from partners.people.models import Invitation, Membership
from partners.people.rules import Wanted


@dataclass(frozen=True, slots=True)
class Staff:
    """Who acts for the invented institutions: *ids* and *names* by slug, people of each, accounts by e-mail."""

    ids: Ids
    people: dict[str, list[Person]]
    coordinators: dict[str, Actor] = field(default_factory=dict)
    members: dict[str, Actor] = field(default_factory=dict)

    def coordinator(self, key: str) -> Actor:
        """Give the one who publishes and signs up for institution *key*; without an account he has no user id."""
        return self.coordinators.get(key) or Actor(
            role=Role.COORDINATOR, institution_id=self.ids[key], institution_slug=key, synthetic=True
        )


def load_accounts(session: Session, entries: list[Entry], ids: Ids, now: datetime) -> None:
    """Add the demo accounts that are missing, all with one password, and their memberships, begun *since* weeks."""
    known = set(session.exec(select(UserAccount.email)).all())
    missing = [entry for entry in entries if entry["email"] not in known]
    if not missing:
        return
    hashed = hash_password(DEMO_PASSWORD)
    for entry in missing:
        user = add_account(
            session,
            Actor.system(),
            now,
            email=entry["email"],
            name=entry["name"],
            password_hash=hashed,
            is_operator=entry.get("operator", False),
            inspects=entry.get("inspects"),
            synthetic=True,
        )
        for place in (entry, entry.get("also", {})):
            if "institution" in place:
                role, owner = Role(place["role"]), ids[place["institution"]]
                since = now + timedelta(weeks=place.get("since", 0))
                add_member(session, Actor.system(), user.id or 0, owner, role, place["function"], since)


def load_invitations(session: Session, entries: list[Entry], ids: Ids, now: datetime) -> None:
    """Let admins of the demo invite colleagues who have not answered yet, unless they did so before."""
    known = set(session.exec(select(Invitation.email)).all())
    for entry in entries:
        if entry["email"] in known:
            continue
        inviter = session.exec(select(UserAccount).where(UserAccount.email == entry["by"])).one()
        actor = Actor(role=Role.ADMIN, user_id=inviter.id, name=inviter.name, institution_id=ids[entry["institution"]])
        wanted = Wanted(
            email=entry["email"],
            role=Role(entry["role"]),
            name=entry["name"],
            function=entry["function"],
            printed=entry.get("printed", False),
        )
        issue(session, actor, ids[entry["institution"]], wanted, now)


def load_applications(session: Session, entries: list[Entry], now: datetime) -> None:
    """Let invented institutions apply, unless they did so before."""
    known = set(session.exec(select(Institution.name)).all())
    for entry in entries:
        if entry["name"] in known:
            continue
        applied = Applied(
            kind=Kind(entry["kind"]),
            name=entry["name"],
            gmina_code=entry["gmina"],
            district_code=None,
            street=entry["street"],
            postal_code=entry["postal_code"],
            post_town=entry["post_town"],
            email=entry["email"],
            phone=entry["phone"],
            applicant_name=entry["applicant"],
            applicant_email=entry["applicant_email"],
            applicant_function=entry["function"],
            message=entry["message"],
        )
        apply(session, Actor.visitor(), applied, now, synthetic=True)


def staff(session: Session, institutions: list[Entry], ids: Ids) -> Staff:
    """Gather the people of the invented institutions: accounts first, others by name, function and mailbox."""
    users = {user.email: user for user in session.exec(select(UserAccount).where(UserAccount.synthetic)).all()}
    people = {entry["key"]: [_person(entry["key"], row, users) for row in entry["staff"]] for entry in institutions}
    coordinators, members = {}, {}
    statement = select(Membership, UserAccount, Institution).where(
        Membership.user_id == UserAccount.id, Membership.institution_id == Institution.id, UserAccount.synthetic
    )
    for membership, user, institution in session.exec(statement.order_by(col(Membership.id).desc())).all():
        actor = Actor(
            role=membership.role,
            user_id=user.id,
            institution_id=institution.id,
            name=user.name,
            email=user.email,
            institution_name=institution.name,
            institution_slug=institution.slug,
            institution_kind=institution.kind.value,
            synthetic=True,
        )
        members[user.email] = actor
        if actor.coordinates:
            coordinators[institution.slug] = actor
    return Staff(ids, people, coordinators, members)


def _person(key: str, row: list[str], users: dict[str, UserAccount]) -> Person:
    name, function, *account = row
    user = users.get(account[0]) if account else None
    # Ranks ("por.") are no part of a mailbox.
    mailbox = ".".join(fold(word) for word in name.split() if not word.endswith("."))
    return Person(
        name=name,
        email=user.email if user else f"{mailbox}@{key}.example",
        function=function,
        user_id=user.id if user else None,
    )
