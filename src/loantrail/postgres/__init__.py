"""The database: an embedded PostgreSQL server or the bank's own, connections to it, its migrations."""
