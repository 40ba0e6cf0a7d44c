"""Time that did not count, and terms that were wrong: put on record beside the ledger."""
