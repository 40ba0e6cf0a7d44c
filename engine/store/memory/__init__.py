"""Cases in memory: for scenarios, tests and hosts. It passes the same contract as the databases."""
