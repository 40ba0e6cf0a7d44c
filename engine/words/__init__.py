"""A process definition in plain words, in the reader's language: people, times, conditions, effects."""
