"""The operator's pages: what there is to look after, and the outbox, message by message."""

import re
from dataclasses import dataclass

from flask import Blueprint, current_app, request, url_for
from sqlmodel import col, func, select
from werkzeug.wrappers import Response as BaseResponse

from app.actors import Role
from app.audit import trail
from app.clock import now
from app.config import Config
from app.outbox import delivery
from app.outbox.delivery import Letters
from app.outbox.models import MailState, OutboxMail
from app.text import N_
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _
from app.web.session import actor, apart, session, tell

bp = Blueprint("operator", __name__, url_prefix="/operator")
PAGE_SIZE = 50
STATES = {
    MailState.WAITING: ("wait", "clock", N_("waiting")),
    MailState.SENDING: ("info", "mail", N_("being sent")),
    MailState.SENT: ("ok", "check", N_("sent")),
    MailState.FAILED: ("bad", "warn", N_("not delivered")),
}


# A link that opens an account, or answers for somebody, is its recipient's: whoever reads the outbox cannot follow it.
_SECRET_LINK = re.compile(r"(/(?:haslo|zaproszenie|odpowiedz)/)[A-Za-z0-9_-]{20,}")


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the operator looks after; *label* and *what* are msgids."""

    endpoint: str
    icon: str
    label: str
    what: str


PLACES = (
    Place("admission.index", "list", N_("Applications"), N_("Institutions that ask to take part, and your decision.")),
    Place("exchange.index", "plus", N_("Import tables"), N_("Institutions, services and agreements; checked first.")),
    Place(
        "services.catalogue", "chat", N_("Catalogue of services"), N_("The kinds of help that institutions can offer.")
    ),
    Place("succession.merging", "swap", N_("Merge two cards"), N_("When one institution stands in the list twice.")),
    Place(
        "succession.succession",
        "right",
        N_("Name a successor"),
        N_("When an institution ends and another goes on."),
    ),
    Place(
        "programme_parties.leaderless",
        "hands",
        N_("Projects without a lead"),
        N_("When the institution that led a project has ended: offer the lead to a partner."),
    ),
    Place(
        "operator_accounts.index",
        "users",
        N_("Accounts"),
        N_("Who can sign in: find a person, lock or unlock an account, help after a lost second step."),
    ),
    Place("operator.outbox", "mail", N_("Mail of the portal"), N_("Every message of the portal with its state.")),
    Place("trail.index", "search", N_("Audit trail"), N_("Who did what and when; your reading is written down, too.")),
)


@bp.get("")
@acting_for(Role.OPERATOR)
def show() -> BaseResponse:
    """List what the operator looks after."""
    return respond("app/portal/operator.html", places=PLACES)


@bp.get("/poczta")
@acting_for(Role.OPERATOR)
def outbox() -> BaseResponse:
    """List the mails, the newest first, by state; says when no mail server is set."""
    asked = request.args.get("stan", "")
    state = next((known for known in MailState if known.value == asked), None)
    before = request.args.get("przed", "")
    statement = select(OutboxMail).order_by(col(OutboxMail.id).desc()).limit(PAGE_SIZE + 1)
    if state is not None:
        statement = statement.where(OutboxMail.state == state)
    if before.isascii() and before.isdigit() and len(before) < 10:
        statement = statement.where(col(OutboxMail.id) < int(before))
    mails = session().exec(statement).all()
    counts = dict(session().exec(select(OutboxMail.state, func.count()).group_by(col(OutboxMail.state))).all())
    config: Config = current_app.extensions["kladka.config"]
    return respond(
        "app/portal/outbox.html",
        mails=[(row, _text(row)[0]) for row in mails[:PAGE_SIZE]],
        older=mails[PAGE_SIZE - 1].id if len(mails) > PAGE_SIZE else None,
        states=STATES,
        state=state,
        chosen_states=[
            (f"{_(words)} ({counts.get(known, 0)})", url_for("operator.outbox", stan=known.value), known is state)
            for known, (_cls, _icon, words) in STATES.items()
        ],
        has_server=config.mail is not None,
    )


@bp.get("/poczta/<id:mail_id>")
@acting_for(Role.OPERATOR)
def mail(mail_id: int) -> BaseResponse:
    """Show one mail as it will go out, or as it went out."""
    row = get_or_404(session().get(OutboxMail, mail_id))
    subject, body = _text(row)
    who = actor()
    with apart() as own:
        trail.record(own, who, "mail.read", "mail", mail_id, now(), details={"template": row.template})
    return respond("app/portal/mail.html", mail=row, subject=subject, body=body, states=STATES)


@bp.post("/poczta/<id:mail_id>/ponow")
@acting_for(Role.OPERATOR)
def retry(mail_id: int) -> BaseResponse:
    """Put a mail that was given up back into the queue."""
    row = get_or_404(delivery.retry(session(), mail_id, now()))
    trail.record(session(), actor(), "mail.retried", "mail", mail_id, now(), details={"template": row.template})
    tell(_("The mail stands in the queue again."), "ok")
    return see_other("operator.outbox")


def _text(row: OutboxMail) -> tuple[str, str]:
    """Give (subject, body) as they went out, or as they will; empty once they have been forgotten.

    Secret links are shown only where no mail server is set: there the operator is the postman.
    """
    subject, body = row.subject, row.body
    if not body and row.params:
        letters: Letters = current_app.extensions["kladka.letters"]
        subject, body = letters.render(row.template, row.language, dict(row.params), row.link)
    config: Config = current_app.extensions["kladka.config"]
    return subject, body if config.mail is None else _SECRET_LINK.sub(r"\1…", body)
