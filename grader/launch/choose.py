"""Which launcher: docker when an engine answers and the image exists, else local with one line saying so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from grader.errors import BadSettings
from grader.launch.base import Launcher
from grader.settings import Settings


def choose_launcher(settings: Settings, wants_gpu: bool, notice: Callable[[str], None]) -> Launcher:
    """The launcher that settings ask for; `notice` is told when docker was wanted and cannot be had.

    `wants_gpu` says whether the exercise does.  With sandbox = "docker" there is no falling back: starting
    then raises EngineUnavailable or ImageMissing.
    """
    from grader.launch.docker import DockerLauncher, ready

    gpu = settings.gpu if wants_gpu else "none"
    data = data_folder(settings)
    if settings.sandbox == "docker":
        return DockerLauncher(device=settings.device, gpu=gpu, data=data)
    if settings.sandbox == "auto":
        missing = ready(settings.device)
        if not missing:
            return DockerLauncher(device=settings.device, gpu=gpu, data=data)
        notice(f"{missing} Running in local mode, without isolation.")
    from grader.launch.local import LocalLauncher

    return LocalLauncher(data)


def data_folder(settings: Settings) -> Path | None:
    """The folder of real data, made absolute.  Raises BadSettings when it is none."""
    if settings.data is None:
        return None
    folder = settings.data.absolute()
    if not folder.is_dir():
        raise BadSettings(f"data: {folder} is not a folder.")
    return folder
