"""The versions of the database's tables, in `versions/`, each a file of plain SQL that Alembic runs in order."""
