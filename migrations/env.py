"""Alembic's surroundings: all tables, batch mode for SQLite, one transaction a migration."""

from alembic import context

# Importing a models module puts its tables into the metadata.
import app.files.models  # noqa: F401
import events.gate.models
import events.minutes.models
import events.papers.models
import events.reports.models
import events.search.models
import events.sessions.models  # noqa: F401
import partners.admission.models
import partners.availability.models
import partners.exchange.models  # noqa: F401
import projects.editions.models
import projects.programmes.models  # noqa: F401
from app.db import metadata

connection = context.config.attributes["connection"].execution_options(writes=True)
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
