"""The schema's history, run forwards by Alembic."""
