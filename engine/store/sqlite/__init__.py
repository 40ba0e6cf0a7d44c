"""The embedded store: one SQLite file, and everything that is SQLite's own."""
