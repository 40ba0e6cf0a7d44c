"""Closed cases whose time is over leave for files."""
