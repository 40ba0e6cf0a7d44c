"""The shared store: one PostgreSQL database for any number of machines, and everything that is PostgreSQL's own."""
