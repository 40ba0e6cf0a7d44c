"""What a step does to a case: (definition, case, command, now) → step. No clock, no I/O, no log, no chance."""
