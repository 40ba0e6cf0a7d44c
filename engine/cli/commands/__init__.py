"""The commands, one module for each thing people do; `catalogue.py` says which command lives where."""
