"""What can go wrong on our side, each with a slug and an exit code.

What a student did wrong is a finding, never one of these.

    MetronomeError                     3   internal
    ├── UsageError                     2   usage
    │   ├── UnknownExercise            2   unknown-exercise
    │   ├── NoSuchFile                 2   no-such-file
    │   └── BadSettings                2   bad-settings
    ├── BadExercise                    3   bad-exercise
    ├── LaunchError                    3   launch-failed
    │   ├── EngineUnavailable          3   engine-unavailable
    │   ├── ImageMissing               3   image-missing
    │   └── SandboxBroken              3   sandbox-broken
    ├── ExaminerError                  3   examiner-failed
    └── GateError                      3   gate-refused      (what a sandbox wrote was not fit to read)
"""

from __future__ import annotations


class MetronomeError(Exception):
    """Base of all errors of ours; the message is one sentence for the person at the terminal."""

    slug = "internal"
    exit_code = 3


class UsageError(MetronomeError):
    """The command was asked for something it cannot do."""

    slug = "usage"
    exit_code = 2


class UnknownExercise(UsageError):
    """No exercise of that name, or none could be told from the file."""

    slug = "unknown-exercise"


class NoSuchFile(UsageError):
    """The path is missing, or is not a file."""

    slug = "no-such-file"


class BadSettings(UsageError):
    """`grade.toml` or a GRADE_* variable holds something that is not allowed there."""

    slug = "bad-settings"


class BadExercise(MetronomeError):
    """An exercise's own files are wrong; the message names file and key."""

    slug = "bad-exercise"


class LaunchError(MetronomeError):
    """The sandbox could not be started or driven."""

    slug = "launch-failed"


class EngineUnavailable(LaunchError):
    """No container engine answers."""

    slug = "engine-unavailable"


class ImageMissing(LaunchError):
    """The sandbox image has not been built."""

    slug = "image-missing"


class SandboxBroken(LaunchError):
    """The sandbox started and then broke the protocol or died of itself."""

    slug = "sandbox-broken"


class ExaminerError(MetronomeError):
    """The examiner failed, hung, or answered nonsense."""

    slug = "examiner-failed"


class GateError(MetronomeError):
    """What came out of a sandbox was refused before anything parsed it."""

    slug = "gate-refused"
