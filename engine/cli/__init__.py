"""The command line: a thin coat over the engine. `main.py` starts it, `catalogue.py` lists the commands."""
