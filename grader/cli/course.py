"""The option `--exercises DIR`, which several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.settings import Settings

exercises_option = click.option(
    "--exercises",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder with exercises of your own, beside Metronome's.",
)


def settings_with(exercises: Path | None, **options: object) -> Settings:
    """The settings here with these options, and their folder of exercises in use.  Raises UsageError."""
    from grader.exercise import use_folder
    from grader.settings import load_settings, override

    settings = override(load_settings(), exercises=exercises, **options)
    use_folder(settings.exercises)
    return settings
