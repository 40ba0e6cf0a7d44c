"""What is kept of the engine's own trouble."""

from __future__ import annotations

import secrets
import traceback

from engine.app.masking import kept_back
from engine.core.cases import Family
from engine.ports import Fault


def fault_of(root: str, error: Exception, now: int, family: Family | None = None) -> Fault:
    """What is kept of the engine's own trouble with a family, or with the schedules of a process: nothing private."""
    private = [case.private for case in family.cases.values()] if family is not None else []
    told = kept_back("".join(traceback.format_exception(error)), private)
    message = kept_back(str(error), private)
    return Fault(id=f"X-{secrets.token_hex(4)}", root=root, at=now, message=message, traceback=told)
