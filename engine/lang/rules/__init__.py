"""What a whole definition must hold beyond names and types: one function for each rule, all listed in `listing.py`."""
