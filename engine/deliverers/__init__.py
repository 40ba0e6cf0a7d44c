"""Deliverers: what carries messages out of the house. Which there are is said in `casewright.toml`, never in YAML."""

from engine.deliverers.routing import GROUP, Router, build

__all__ = ["GROUP", "Router", "build"]
