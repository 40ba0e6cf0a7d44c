"""Errors, grouped by who must act. An exception's docstring is its default message.

A "no" that the rules foresee is a refusal (`Refused`, a value), never one of these, except `CaseRefused`, which carries
it through code that wants an exception.
"""

from __future__ import annotations

from engine.verbs import in_a_host


class EngineError(Exception):
    """The engine could not do what was asked."""

    exit_code = 1

    def __init__(self, message: str | None = None, *, help: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.message = message or (type(self).__doc__ or "").strip()
        self.mend = help

    @property
    def help(self) -> str | None:
        """What to do now, as a host does it; `mend` says the same with commands, for the terminal."""
        return None if self.mend is None else in_a_host(self.mend)


# -- the caller must act -----------------------------------------------------------------------------------------------


class UsageError(EngineError):
    """The call itself is wrong: a value is missing or of the wrong kind."""

    exit_code = 2


class NotFound(EngineError):
    """There is no such case, process, message or file here."""

    exit_code = 3


class NotPermitted(EngineError):
    """This actor may not do that."""

    exit_code = 4


class Conflict(EngineError):
    """Somebody else changed it meanwhile; read it again and decide anew."""

    exit_code = 5


class TryAgain(Conflict):
    """Somebody else was in the way, and nothing is kept; roll back, and do all of it again as it was."""


class Outrun(TryAgain):
    """Somebody else was faster in this very moment; nothing was changed, and what is asked can be decided anew."""


class KeyReused(Conflict):
    """This key was used before for another command; choose a new key for a new command."""


# -- the process author must act ---------------------------------------------------------------------------------------


class DefinitionError(EngineError):
    """The definition has errors; `casewright check` shows where."""

    exit_code = 1


# -- the operator or administrator must act ----------------------------------------------------------------------------


class SetAside(EngineError):
    """The case is set aside because the engine failed on it; `casewright fault list` says why."""

    exit_code = 1


class ClockJumped(EngineError):
    """The machine's clock jumped; nothing is carried forward until `casewright tick --accept-clock`."""

    exit_code = 1


class StoreUnavailable(EngineError):
    """The database cannot be used now."""

    exit_code = 1


class KeyMissing(EngineError):
    """Private values are locked by a key that is not here."""

    exit_code = 1


class VerificationFailed(EngineError):
    """The audit does not verify, or the stored row of a case cannot be read."""

    exit_code = 7
