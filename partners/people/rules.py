"""Decisions about people of institutions: who administers them, what an invitation is, what must not be undone."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from app import warsaw
from app.actors import Actor, Role
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_

INVITATION_FOR = timedelta(days=14)
SENT_AGAIN_AFTER = timedelta(minutes=2)
INVITATION_KEPT = timedelta(days=30)
CONFIRMED_FOR = timedelta(days=365)
OPEN_MAX = 50
# Capital letters and digits that nobody mistakes for one another on paper; 16 of them are 79 bits.
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 16
_GROUP = 4

ROLES = (Role.MEMBER, Role.COORDINATOR, Role.ADMIN)
"""What a person can be in an institution, from the least on."""

ROLE_LABEL: Mapping[Role, str] = {
    Role.MEMBER: N_("staff member"),
    Role.COORDINATOR: N_("coordinator"),
    Role.ADMIN: N_("administrator"),
}

ROLE_HINT: Mapping[Role, str] = {
    Role.MEMBER: N_("Sees what partners share, signs up himself or herself."),
    Role.COORDINATOR: N_("Also publishes events and projects, signs up colleagues, answers partners."),
    Role.ADMIN: N_("Also keeps the card, the contacts and the people of the institution."),
}


# The same where a role stands alone, to the one who gets it.
ROLE_OFFERED: Mapping[Role, str] = {
    Role.MEMBER: N_("You will see what partners share, and sign up for events."),
    Role.COORDINATOR: N_("You will publish events and projects, sign up colleagues and answer partners."),
    Role.ADMIN: N_("You will keep the card, the contacts and the people of the institution, and publish events."),
}


class NotYourPeople(Forbidden):
    """People of another institution, or no administrator."""

    message = N_("Only an administrator of this institution can do this. Ask one of them.")


class AddressInvited(Refusal):
    """A second open invitation for one address."""

    message = N_("An invitation for this address is open already. Send it again from the list of invitations.")


class AlreadyAmong(Conflict):
    """Inviting, or accepting for, a person who is in the institution already."""

    message = N_("This person belongs to the institution already. Change the role on the page of its people.")


class AlreadyYours(Conflict):
    """Accepting an invitation to an institution that one belongs to."""

    message = N_("You belong to this institution already. Its administrator can change your role.")


class TooManyOpen(Refusal):
    """More open invitations than anybody waits for."""

    message = N_("At most %(limit)d invitations can be open at a time. Withdraw those that nobody will use.")


class InvitationOver(Conflict):
    """An act on an invitation that has been used or withdrawn."""

    message = N_("This invitation has been used or withdrawn in the meantime.")


class NotForOffices(Forbidden):
    """An operator's or inspector's account that would act for an institution."""

    message = N_(
        "You are signed in with an account of the portal’s operator or of an inspector. Such an account acts for no "
        "institution. Sign out and set up an account of your own from the invitation."
    )


class MembershipOver(Conflict):
    """A change of a membership that has ended."""

    message = N_("This person does not belong to the institution any more.")


class LastAdmin(Refusal):
    """Removing or lowering the only administrator."""

    message = N_(
        "This is the only administrator of the institution. First make somebody else an administrator, then repeat "
        "this step."
    )


class NotYourPlace(Forbidden):
    """Acting for an institution without a membership."""

    message = N_("You do not belong to this institution, so you cannot act for it.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form of an invitation gives: clean values."""

    email: str
    role: Role = Role.COORDINATOR
    name: str = ""
    function: str = ""
    language: str = "pl"
    printed: bool = False


class Opened(Protocol):
    """What the decisions below read of an invitation."""

    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None


def may_administer(actor: Actor, institution_id: int) -> bool:
    """Whether *actor* sees and changes the people of an institution: its admins, and the operator for all."""
    return actor.role is Role.OPERATOR or (actor.role is Role.ADMIN and actor.institution_id == institution_id)


def is_open(invitation: Opened, now: datetime) -> bool:
    """Whether an invitation can be accepted at *now*."""
    return waits(invitation) and now < invitation.expires_at


def waits(invitation: Opened) -> bool:
    """Whether an invitation was neither used nor withdrawn; its time may have run out."""
    return invitation.accepted_at is None and invitation.withdrawn_at is None


def was_just_sent(invitation: Opened, now: datetime) -> bool:
    """Whether the last mail of an invitation is only on its way: a second click sends no second one."""
    return now < invitation.expires_at - INVITATION_FOR + SENT_AGAIN_AFTER


def shown_code(code: str) -> str:
    """Write a printed code in groups of four: ABCD-EFGH-JKLM-NPQR."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def read_code(typed: str) -> str:
    """Read a code as people type it: small letters, spaces, hyphens; "" when it cannot be one."""
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    return letters if len(letters) == CODE_LENGTH and all(letter in CODE_LETTERS for letter in letters) else ""


def token_of(code: str) -> str:
    """Give the secret of the address that a printed code stands for."""
    return base64.urlsafe_b64encode(hashlib.sha256(code.encode("ascii")).digest()).decode("ascii").rstrip("=")


def confirmed_until(confirmed_on: date | None, since: datetime) -> date:
    """Give the day on which a membership has to be confirmed again: a year after the last time, or after it began."""
    return (confirmed_on or warsaw.today(since)) + CONFIRMED_FOR
