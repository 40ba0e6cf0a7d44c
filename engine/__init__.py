"""Casewright: a workflow engine for service desks, driven by processes written in YAML."""

__version__ = "0.1.0"
