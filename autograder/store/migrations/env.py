"""Runs the migrations on the connection that the store hands over, inside the store's transaction."""

from alembic import context

from autograder.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot change a column in place
)
context.run_migrations()
