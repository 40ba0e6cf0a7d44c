"""The language front end: text becomes a checked definition, or findings that say where and how to mend it."""
