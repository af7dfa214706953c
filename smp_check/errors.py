"""The errors a user can meet, each with its exit code and a hint that says what to do.

Every message is written for the person who reads it: what was wrong, where, and how to mend it.
Only the command line prints them; everything below raises.
"""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What the process tells its caller; the numbers are part of the interface."""

    PASSED = 0
    GATE_FAILED = 1
    USAGE = 2
    MEASUREMENT_FAILED = 3
    REFUSED = 4
    BUG = 70
    INTERRUPTED = 130


class SmpCheckError(Exception):
    """Base of every error that is meant for the user; ``hint`` says what to do about it."""

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(SmpCheckError):
    """A bad option, an unreadable file or a document that does not conform."""

    exit_code = ExitCode.USAGE


class MeasurementError(SmpCheckError):
    """The measurement failed: target unreachable, too many errors, generator missing or crashed, saturated."""

    exit_code = ExitCode.MEASUREMENT_FAILED


class StoreError(SmpCheckError):
    """A baseline store refused or could not do what was required of it."""

    exit_code = ExitCode.REFUSED


class GitHubError(SmpCheckError):
    """GitHub refused or could not do what was required of it."""

    exit_code = ExitCode.REFUSED


class Interrupted(SmpCheckError):  # noqa: N818 - it is what happened, not a fault
    """The user or the system asked to stop (Ctrl-C, SIGTERM)."""

    exit_code = ExitCode.INTERRUPTED
