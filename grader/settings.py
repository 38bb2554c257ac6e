"""Settings: the nearest `grade.toml`, overridden by GRADE_* variables, overridden by options.

    # grade.toml
    sandbox = "docker"          # auto, docker or local; docker never falls back to local
    isolation = "container"     # container: one submission each; fork: one container for many, in turn
exercise = "linreg-torch"   # for files that do not say it themselves
    student = "ada"
    data = "data"               # folder that holds the real MNIST files
    exercises = "exercises"     # folder with exercises of one's own
    secret_file = "secret"      # where the course secret is kept
    gpu = "auto"                # auto, none, or the id of a GPU
    device = "cpu"              # which sandbox image: cpu or cuda

Each key has its variable: GRADE_SANDBOX, GRADE_EXERCISE and so on.  Paths in the file are relative to
its folder.  The course secret itself is no setting (it would be shown with them): see `challenge.py`.
What `grade serve` needs is a table of its own, `[serve]`: see `serving.py`.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from grader import serving
from grader.errors import BadSettings
from grader.serving import Serve

FILE = "grade.toml"
PREFIX = "GRADE_"
SECRET_VARIABLE = "GRADE_SECRET"  # noqa: S105 (the variable's name, not its value)


def _path(value: object) -> object:
    """Text as a path; pydantic's strict mode would not take it."""
    if not isinstance(value, str):
        return value
    if not value or "\0" in value:
        raise ValueError("no path")
    try:
        return Path(value).expanduser()
    except RuntimeError as error:  # "~somebody" without a home
        raise ValueError(str(error)) from error


Folder = Annotated[Path, BeforeValidator(_path)]


class Settings(BaseModel):
    """What a grading may be told from outside; immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sandbox: Literal["auto", "docker", "local"] = "auto"
    isolation: Literal["container", "fork"] = "container"
    exercise: Annotated[str, Field(pattern=r"\A[a-z0-9][a-z0-9-]*\z")] | None = None
    student: str = ""
    data: Folder | None = None
    exercises: Folder | None = None
    secret_file: Folder | None = None
    gpu: Annotated[str, Field(pattern=r"\A[A-Za-z0-9][A-Za-z0-9:/_-]*\z")] = "auto"
    device: Literal["cpu", "cuda"] = "cpu"
    serve: Serve = Field(default_factory=Serve)


_EXPECTED = {
    "sandbox": 'one of "auto", "docker", "local"',
    "isolation": '"container" or "fork"',
    "exercise": "the name of an exercise, such as linreg-torch",
    "student": "a text",
    "data": "the path of a folder",
    "exercises": "the path of a folder with exercises",
    "secret_file": "the path of a file",
    "gpu": '"auto", "none", or the id of a GPU as a text',
    "device": '"cpu" or "cuda"',
    "serve": "a table",
}


def load_settings(
    path: Path | None = None, *, start: Path | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Settings from `path`, else the nearest grade.toml in `start` (default: here) or above it.

    Raises BadSettings naming the file or variable, the key, and what was expected.
    """
    environ = os.environ if environ is None else environ
    found = path or _nearest((start or _here()).resolve())
    table = _read(found) if found else {}
    _validate(table, lambda key: f"{found}: {key}")
    if found:
        table = {key: _anchor(key, value, found.parent) for key, value in table.items()}
    variables = _variables(environ)
    _validate(variables, lambda key: PREFIX + key.upper())
    serve = {**table.get(serving.KEY, {}), **serving.from_variables(environ)}
    return Settings.model_validate({**table, **variables, serving.KEY: serve})


def override(settings: Settings, **options: object) -> Settings:
    """`settings` with those options that are not None.  Raises BadSettings naming the option."""
    given = {key: value for key, value in options.items() if value is not None}
    _validate(given, lambda key: "--" + key.replace("_", "-"))
    return Settings.model_validate({**settings.model_dump(), **given})


def _nearest(start: Path) -> Path | None:
    """The grade.toml of `start` or of the first folder above that has one."""
    folders = (start, *start.parents)
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise BadSettings("The current folder no longer exists; change to another one.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadSettings(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path} is not UTF-8 text.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadSettings(f"{path} is not valid TOML: {error}.") from error


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings among the environment's variables; an empty one counts as not set.

    A misspelt one is refused: GRADE_SANDBX=docker must not quietly mean "no isolation".
    """
    known = {PREFIX + key.upper(): key for key in Settings.model_fields if key != serving.KEY}
    names = [*known, *serving.VARIABLES, SECRET_VARIABLE]
    for name in environ:
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.85) if name.startswith(PREFIX) else []
        if close and name not in names:
            raise BadSettings(f"The variable {name} is unknown; did you mean {close[0]}?")
    return {key: environ[name] for name, key in known.items() if environ.get(name)}


def _anchor(key: str, value: Any, folder: Path) -> Any:
    """Paths in the file are relative to the folder it lies in."""
    if key == serving.KEY:
        return serving.anchored(value, folder)
    return folder / Path(value).expanduser() if key in ("data", "exercises", "secret_file") else value


def _validate(table: Mapping[str, object], where: Any) -> None:
    """Check `table` by itself, so that an error can say where its value came from."""
    if serving.KEY in table:  # has secrets, so its messages show no values
        serving.check(table[serving.KEY], lambda key: where(f"{serving.KEY}.{key}".rstrip(".")))
    try:
        Settings.model_validate(dict(table))
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        if key not in _EXPECTED:
            close = difflib.get_close_matches(key, _EXPECTED, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(_EXPECTED)}."
            raise BadSettings(f"{where(key)}: unknown key; {hint}") from None
        got = table[key]
        raise BadSettings(f"{where(key)}: is {got!r}, but must be {_EXPECTED[key]}.") from None
