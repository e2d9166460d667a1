"""Alembic's home: one file a change of the tables in `versions/`."""
