"""What the migration tool runs: every revision on the connection it is given, within that connection's transaction."""

from __future__ import annotations

from alembic import context

from engine.store.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
