"""The timetable of the night: what is forgotten, sealed and extended, as a plain list."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.accounts import actions as accounts
from app.audit import trail
from app.files import actions as files
from app.jobs.worker import Job, Timetable
from app.outbox import delivery
from app.succession import actions as succession
from events.calendar import actions as calendar
from events.calendar import inner, series
from events.changes import suspension
from events.duty import upkeep as duty
from events.feeds import actions as feeds
from events.gate import upkeep as gate
from events.minutes import actions as minutes
from events.reports import actions as reports
from events.sessions import upkeep as sessions
from events.signups import actions as signups
from events.signups import offers
from events.signups import series as series_signups
from events.visits import links as visit_links
from events.visits import upkeep as visits
from partners.admission import actions as admission
from partners.cards import actions as cards
from partners.cards import queries as cards_queries
from partners.competence import actions as competence
from partners.contacts import actions as contacts
from partners.exchange import actions as exchange
from partners.people import actions as people
from projects.programmes import actions as programmes
from projects.programmes import successors

CHANGED_SINCE = timedelta(days=3)
"""Longer than a day, for nights that were missed: what follows twice does not change twice."""


def forget_refused(session: Session, now: datetime) -> int:
    """Delete institutions that were refused 30 days ago, with the drafts of their people; return how many went."""
    refused = admission.refused_before(session, now)
    for application in refused:
        calendar.discard_drafts(session, application.institution_id, now)
        programmes.discard_drafts(session, application.institution_id, now)
        admission.forget(session, application, now)
    return len(refused)


def follow_cards(session: Session, now: datetime) -> int:
    """Let calendar texts and projects' search texts follow institutions renamed or moved since the last nights."""
    changed = cards_queries.renamed(session, now - CHANGED_SINCE)
    if not changed:
        return 0
    return calendar.follow_cards(session, changed, now) + programmes.follow_cards(session, changed)


def follow_ends(session: Session, now: datetime) -> int:
    """Note in the course of projects which of their institutions have ended in the last nights."""
    verbs, since = ("institution.status_set", "institution.succeeded"), now - CHANGED_SINCE
    ended = set().union(*(trail.subjects_of(session, verb, since) for verb in verbs))
    return successors.note_ended(session, ended, now) if ended else 0


MINUTELY: tuple[Job, ...] = (
    offers.expire_offers,
    gate.list_speakers,
    visits.settle,
    duty.let_fall,
    sessions.number_new_dates,
    sessions.invite_new_partners,
    sessions.let_former_partners_go,
    sessions.bring_along,
)
"""What cannot wait for the night."""

JOBS: Timetable = (
    ("old attempts, kept forms, mailed links and sessions deleted", accounts.forget_old),
    ("working copies forgotten that nobody has gone on with for 14 days", accounts.forget_copies),
    ("files deleted that nothing points to", files.forget_unused),
    ("mails given up that waited for a week", delivery.give_up_old),
    ("bodies of mails older than 30 days deleted", delivery.forget_bodies),
    ("who reported a mistake on a card forgotten after a year", contacts.forget_reporters),
    ("data of entry lists erased after 30 days", gate.erase),
    ("announced successions carried out", succession.carry_out),
    ("calendar texts and projects that follow a changed card", follow_cards),
    ("ended institutions noted in their projects", follow_ends),
    ("institutions asked to confirm their contacts", contacts.remind),
    ("institutions asked to look through their card", cards.remind),
    ("placeholders of welfare centres added or settled", competence.placeholders_by_night),
    ("dates of series made 18 months ahead", series.extend),
    ("dates that have come into a suspension of their unit cancelled", suspension.stop_again),
    ("invitations forgotten 30 days after their end", people.forget_invitations),
    ("institutions refused 30 days ago deleted", forget_refused),
    ("tables that nobody has confirmed for a day deleted", exchange.forget_old),
    ("sign-ups for whole series put on new dates", series_signups.join_all),
    ("offers of a place expired", offers.expire_offers),
    ("sign-ups whose names are forgotten 30 days after the date", signups.forget_names),
    ("visit requests that wait: reminders, substitutes, expiry", visits.chase),
    ("who wrote in visit requests forgotten 90 days after their end", visits.forget),
    ("links to visit requests deleted 90 days after they ran out", visit_links.forget),
    ("calendar texts for those concerned compared with the events", inner.renew),
    ("personal calendars that are behind what they show", feeds.catch_up),
    ("addresses of personal calendars closed when a person has left", feeds.close_ended),
    ("expected persons told to those who keep duty hours", duty.announce),
    ("bookings ended of duty hours that were cancelled", duty.let_fall),
    ("who booked on duty hours forgotten 90 days after the date", duty.forget),
    ("notes without an answer in time sealed", minutes.seal_silent),
    ("missing notes called to mind", minutes.remind),
    ("reports of projects called to mind before and after their day", reports.remind),
    ("personal values of the audit trail deleted after two years", trail.forget_personal),
    ("days of the audit trail sealed", trail.seal_days),
)
