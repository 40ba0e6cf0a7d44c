"""What leaving and entering mean in a process; rules and machine share it."""

from engine.chart.chart import Chart, offers
from engine.chart.tree import NOWHERE, Arc, Kind, Microstep, Position, Work

__all__ = ["NOWHERE", "Arc", "Chart", "Kind", "Microstep", "Position", "Work", "offers"]
