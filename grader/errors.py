"""What can go wrong on our side, each with a slug and an exit code.

What a student did wrong is a finding, never one of these.

    MetronomeError                     3   internal
    ├── UsageError                     2   usage
    │   ├── UnknownExercise            2   unknown-exercise
    │   ├── NoSuchFile                 2   no-such-file
    │   ├── BadSettings                2   bad-settings
    │   ├── BadArchive                 2   bad-archive      (an archive or folder of hand-ins that will not do)
    │   ├── BadRoster                  2   bad-roster       (a list of students that cannot be read)
    │   ├── BadDatabase                2   bad-database     (of a newer schema, or none of ours)
    │   ├── BadOutput                  2   bad-output       (a folder to write to that will not do)
    │   └── UntrustedSubmissions       2   untrusted        (others' files without isolation)
    ├── BadExercise                    3   bad-exercise
    ├── LaunchError                    3   launch-failed
    │   ├── EngineUnavailable          3   engine-unavailable
    │   ├── ImageMissing               3   image-missing
    │   └── SandboxBroken              3   sandbox-broken
    ├── ExaminerError                  3   examiner-failed
    ├── StoreError                     3   store-failed
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


class BadArchive(UsageError):
    """An archive or folder of hand-ins is broken, unsafe to open, too large, or holds no hand-in."""

    slug = "bad-archive"


class BadRoster(UsageError):
    """The list of students is missing, or is no CSV with one row for each student."""

    slug = "bad-roster"


class BadDatabase(UsageError):
    """The database cannot be used: unreachable, of a newer schema, or not one of ours."""

    slug = "bad-database"


class BadOutput(UsageError):
    """The folder to write results to cannot be written, is in use, or belongs to another exercise."""

    slug = "bad-output"


class UntrustedSubmissions(UsageError):
    """Other people's files were to be run without isolation, and nobody vouched for them."""

    slug = "untrusted"


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


class StoreError(MetronomeError):
    """The database failed while it was used."""

    slug = "store-failed"


class GateError(MetronomeError):
    """What came out of a sandbox was refused before anything parsed it."""

    slug = "gate-refused"
