"""Scenarios: a process tried on a virtual clock, and what of it they went through."""

from __future__ import annotations

from engine.scenarios.coverage import Coverage, coverage_of
from engine.scenarios.names import unknown_names
from engine.scenarios.play import Failure, Outcome, play, play_all
from engine.scenarios.script import Scenario, Script, read_script
from engine.scenarios.world import World

__all__ = [
    "Coverage", "Failure", "Outcome", "Scenario", "Script", "World", "coverage_of", "play", "play_all", "read_script",
    "unknown_names",
]  # fmt: skip
