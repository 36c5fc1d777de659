"""create_app(): the only place that knows every room."""

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import config as settings
from app import marks, site
from app.accounts import actions as accounts
from app.accounts import queries as account_queries
from app.accounts import settings as account_settings
from app.accounts import views as accounts_views
from app.config import Config
from app.db import Database
from app.outbox.delivery import Letters
from app.portal import accounts as portal_accounts
from app.portal import desk, facts, home, look, operator, pages, search
from app.portal import trail as portal_trail
from app.succession import views as succession_views
from app.web import addresses, copies, errors, filters, guards, i18n, kept, security, session, static, templates
from app.web.application import Portal
from app.web.htmx import htmx
from events.calendar import views as calendar_views
from events.changes import views as changes_views
from events.consents import views as consents_views
from events.duty import views as duty_views
from events.feeds import views as feeds_views
from events.gate import views as gate_views
from events.minutes import views as minutes_views
from events.papers import views as papers_views
from events.reports import views as reports_views
from events.sessions import joining
from events.sessions import taking as programme_lead
from events.sessions import views as sessions_views
from events.signups import views as signups_views
from events.visits import replies as visit_replies
from events.visits import settings as visit_settings
from events.visits import views as visits_views
from partners.admission import views as admission_views
from partners.agreements import views as agreements_views
from partners.availability import views as availability_views
from partners.cards import views as cards_views
from partners.competence import views as competence_views
from partners.contacts import views as contacts_views
from partners.exchange import views as exchange_views
from partners.institutions import views as institutions_views
from partners.people import queries as people
from partners.people import views as people_views
from partners.services import views as services_views
from projects.editions import views as editions_views
from projects.programmes import document_views as programme_documents
from projects.programmes import party_views
from projects.programmes import views as programmes_views

ROOT = Path(__file__).resolve().parent.parent
BLUEPRINTS = (
    home.bp,
    desk.bp,
    look.bp,
    pages.bp,
    search.bp,
    operator.bp,
    succession_views.bp,
    portal_accounts.bp,
    portal_trail.bp,
    accounts_views.bp,
    account_settings.bp,
    copies.bp,
    institutions_views.bp,
    competence_views.bp,
    cards_views.bp,
    availability_views.bp,
    services_views.bp,
    people_views.bp,
    admission_views.bp,
    contacts_views.bp,
    agreements_views.bp,
    exchange_views.bp,
    programmes_views.bp,
    programme_documents.bp,
    party_views.bp,
    editions_views.bp,
    calendar_views.bp,
    gate_views.bp,
    signups_views.bp,
    changes_views.bp,
    consents_views.bp,
    visits_views.bp,
    visit_settings.bp,
    visit_replies.bp,
    duty_views.bp,
    sessions_views.bp,
    programme_lead.bp,
    joining.bp,
    papers_views.bp,
    minutes_views.bp,
    feeds_views.bp,
    reports_views.bp,
)


def create_app(config: Config | None = None, database: Database | None = None) -> Flask:
    """Build the portal from *config* (default: the environment) on *database* (default: the one that it names)."""
    config = config or settings.read()
    database = database or Database(config.database_url, skip_locks=config.skip_locks)
    database.keep_open()
    site.configure(config.base_url)
    accounts.configure_hashing(config.argon_memory_kib)
    app = Portal("app", root_path=str(ROOT), template_folder=str(ROOT / "templates"), static_folder=None)
    app.extensions |= {"kladka.config": config, "kladka.root": ROOT, "kladka.letters": Letters(ROOT / "templates")}
    app.config["TESTING"] = config.testing
    app.config["TEMPLATES_AUTO_RELOAD"] = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if config.trusted_proxies:
        count = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    addresses.init(app)
    i18n.init(app)
    filters.init(app)
    templates.init(app)
    static.init(app, ROOT / "static")
    htmx.init_app(app)
    errors.init(app)
    security.init(app, config)
    # The unit of work commits first of all after_request functions, because Flask calls the last registered first.
    session.init(app, people.actor_of, accounts.seen, database)
    kept.init(app, accounts.keep_form, account_queries.kept_body)
    copies.init(app, accounts.keep_copy, account_queries.working_copy, accounts.forget_copy)
    guards.init(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.context_processor(_context)
    app.extensions["kladka.demo"] = _is_demo(database)
    return app


def _context() -> dict[str, object]:
    who = session.actor_or_visitor()
    return {
        "actor": who,
        "language": i18n.language(),
        "look": look.chosen(),
        "site": facts.of_site(),
        "session_ends": int(who.session_ends) or None,
    }


def _is_demo(database: Database) -> bool:
    return marks.is_set(database.engine, marks.DEMO)
