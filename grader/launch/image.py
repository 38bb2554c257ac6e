"""The sandbox image: its recipe, its name, and building it from wheels downloaded on the host.

pip runs here, on the host, so that its settings and mirrors apply; the build itself has no network.
The name holds a hash of the recipe: a changed recipe is an image that has not been built yet.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import sandbox
from grader.errors import LaunchError
from grader.launch import engine

if TYPE_CHECKING:
    from docker import APIClient

Device = Literal["cpu", "cuda"]
Progress = Callable[[str], None]

RECIPE = Path(sandbox.__file__).parent / "image"
DEFAULT_BASE = "python:3.11-slim-bookworm"
LOCAL_BASE = "metronome-base:bookworm"
"""What `grade sandbox base` makes, and what is taken where the default base cannot be pulled."""
_NEWEST_GLIBC, _OLDEST_GLIBC = 36, 5


def tag_for(device: str) -> str:
    """The image's name for that device, with 12 hex digits of the recipe's sha256."""
    recipe = hashlib.sha256()
    for name in ("Dockerfile", "requirements.txt"):
        recipe.update((RECIPE / name).read_bytes() + b"\0")
    return f"metronome-sandbox:{device}-{recipe.hexdigest()[:12]}"


def build_command(device: str) -> str:
    """What a person types to build that image."""
    return "grade sandbox build" + ("" if device == "cpu" else f" --device {device}")


def build(device: Device, base: str | None, progress: Progress) -> str:
    """Build the image on `base` (None: the default, or the local one) and return its name.

    `progress` is called with a line now and then.  Raises LaunchError, EngineUnavailable, ImageMissing.
    """
    tag = tag_for(device)
    # A build's steps may take minutes, and the engine is silent during each.
    with engine.connected(timeout=1800) as client, tempfile.TemporaryDirectory(prefix="metronome-") as name:
        context = Path(name)
        base = _find_base(client, base, progress)
        version, machine = _python_of(client, base)
        for file in ("Dockerfile", "requirements.txt"):
            shutil.copyfile(RECIPE / file, context / file)
        progress(f"downloading wheels for Python {version} on {machine}")
        download(device, version, machine, context / "wheels")
        if device == "cpu" and any((context / "wheels").glob("nvidia_*")):
            progress(
                "pip found only a torch with CUDA, which makes an image of many GB; see docs/operations.md"
            )
        progress(f"building {tag} on {base}")
        _build(client, context, base, tag)
    return tag


def _find_base(client: APIClient, base: str | None, progress: Progress) -> str:
    """The base image, there: as asked for, pulled, or else the local one.  Raises LaunchError."""
    wanted = base or DEFAULT_BASE
    if engine.image_id(client, wanted):
        return wanted
    try:
        progress(f"pulling {wanted}")
        name, _, tag = wanted.rpartition(":") if ":" in wanted.rsplit("/", 1)[-1] else (wanted, "", "latest")
        with engine.sentences(f"pull the base image {wanted}"):
            engine.follow(client.pull(name, tag=tag, stream=True, decode=True), f"pull {wanted}", [])
    except LaunchError as error:
        if base is None and engine.image_id(client, LOCAL_BASE):
            progress(f"{DEFAULT_BASE} cannot be pulled; using {LOCAL_BASE}")
            return LOCAL_BASE
        raise LaunchError(f"{error} Make a base without a registry with `grade sandbox base`.") from error
    return wanted


def _python_of(client: APIClient, base: str) -> tuple[str, str]:
    """Version ("3.11") and machine ("x86_64") of the Python in the base image.  Raises LaunchError."""
    question = "import platform, sys; print('%d.%d' % sys.version_info[:2], platform.machine())"
    name = f"metronome-probe-{uuid.uuid4().hex[:12]}"
    with engine.sentences(f"run python3 in the base image {base}"):
        try:
            client.create_container(
                base, ["python3", "-c", question], name=name, network_disabled=True, entrypoint=[]
            )
            client.start(name)
            client.wait(name)
            said = client.logs(name, stdout=True, stderr=False).decode("utf-8", "replace")
        finally:
            _forget(client, name)
    if not (found := re.fullmatch(r"(3\.\d+) (\w+)\s*", said)):
        raise LaunchError(f"The base image {base} has no working python3.")
    return found[1], found[2]


def _forget(client: APIClient, name: str) -> None:
    from docker.errors import NotFound

    with contextlib.suppress(NotFound):
        client.remove_container(name, force=True, v=True)


def download(device: Device, version: str, machine: str, target: Path) -> None:
    """Download the recipe's wheels for the image's Python into `target`.  Raises LaunchError."""
    target.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += [
        "--only-binary=:all:",
        "--dest",
        str(target),
        "--requirement",
        str(RECIPE / "requirements.txt"),
    ]
    command += _target_options(version, machine)
    if device == "cuda":
        # A CPU build of the same version counts as the newer one wherever both can be seen.
        pin = re.search(r"^torch==(\S+)", (RECIPE / "requirements.txt").read_text(), re.MULTILINE)
        assert pin is not None
        command.append(f"torch!={pin[1]}+cpu")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        if "No module named pip" in done.stderr:
            raise LaunchError(f"{sys.executable} has no pip; add it with `python -m ensurepip`.")
        reason = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
        raise LaunchError(f"Could not download the image's wheels: {reason[-1].removeprefix('ERROR: ')}.")


def _target_options(version: str, machine: str) -> list[str]:
    """pip's options for a Python that need not be the one running here: CPython on bookworm's glibc."""
    options = ["--python-version", version, "--implementation", "cp"]
    for minor in range(_NEWEST_GLIBC, _OLDEST_GLIBC - 1, -1):
        options += ["--platform", f"manylinux_2_{minor}_{machine}"]
    return [*options, "--platform", f"manylinux2014_{machine}"]


def _build(client: APIClient, context: Path, base: str, tag: str) -> None:
    """Send the context and follow the build.  The first stage, with all wheels in it, is not kept."""
    lines: list[str] = []
    try:
        with engine.sentences(f"build {tag}"):
            stream = client.build(
                path=str(context),
                tag=tag,
                buildargs={"BASE": base},
                network_mode="none",
                rm=True,
                forcerm=True,
                decode=True,
            )
            engine.follow(stream, f"build {tag}", lines)
    finally:
        with engine.sentences("remove the build's first stage"):
            filters = {"label": "metronome.stage=install", "dangling": True}
            for stage in client.images(filters=filters):
                client.remove_image(stage["Id"], force=True)
    if engine.image_id(client, tag) is None:
        raise LaunchError(f"The engine ended the build of {tag} without an image: {' | '.join(lines[-3:])}.")
