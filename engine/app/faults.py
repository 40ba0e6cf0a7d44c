"""What is kept of the engine's own trouble."""

from __future__ import annotations

import secrets
import traceback

from engine.ports import Fault


def fault_of(root: str, error: Exception, now: int) -> Fault:
    """What is kept of the engine's own trouble with a family, or with the schedules of a process."""
    told = "".join(traceback.format_exception(error))
    return Fault(id=f"X-{secrets.token_hex(4)}", root=root, at=now, message=str(error), traceback=told)
