"""The desk of `tests/app` on every store."""

from __future__ import annotations

from tests.app.conftest import engine, on_disk, template, time

__all__ = ["engine", "on_disk", "template", "time"]
