"""Evidence that is verified without the engine, and the keys that sign it."""
