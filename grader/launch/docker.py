"""The docker launcher: one container per started role, gone again when its endpoint is closed."""

from __future__ import annotations

import os
import socket
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import sandbox
from grader.errors import ImageMissing, LaunchError
from grader.exercise import VARIABLE, course, outside_folder
from grader.launch import engine, owners
from grader.launch.base import Limits, Role
from grader.launch.confine import HOME, USERS, environment, host_config
from grader.launch.image import build_command, tag_for
from grader.launch.staging import Staging
from grader.launch.stream import StreamEndpoint

if TYPE_CHECKING:
    from docker import APIClient

COMMANDS: dict[Role, list[str]] = {
    "sandbox": ["python", "-m", "sandbox.zygote"],
    "examiner": ["python", "-m", "grader.examiner"],
}
_REMOVAL = 20.0
"""Seconds an engine has to remove a killed container."""


def ready(device: str = "cpu") -> str:
    """Why containers cannot be used here, in one sentence; "" when they can.  Takes well under a second."""
    try:
        with engine.connected(engine.QUICK) as client:
            _require_image(client, device)
    except LaunchError as error:
        return str(error)
    return ""


def has_gpu() -> bool:
    """Whether this host shows a CUDA device that an engine could hand on (WSL calls it dxg)."""
    return any(Path(node).exists() for node in ("/dev/nvidiactl", "/dev/dxg"))


class DockerLauncher:
    """Starts roles as containers of the sandbox image.

    `device` chooses the image ("cpu" or "cuda"); `gpu` is "none", "auto" (one, where the host has any) or
    an id.  What graders that have died left behind is removed first.  Raises EngineUnavailable or ImageMissing.
    """

    name: Literal["docker", "local"] = "docker"
    isolated = True

    def __init__(self, device: str = "cpu", gpu: str = "none", data: Path | None = None) -> None:
        self._data = data
        self._commands = dict(COMMANDS)
        self._gpu = "none" if gpu == "auto" and not has_gpu() else gpu
        self._staging = Staging()
        self._client = engine.connect()
        try:
            self.image = tag_for(device)
            self.image_digest = _require_image(self._client, device)
            with engine.sentences("ask the engine for its processors"):
                self._cpus = int(self._client.info().get("NCPU") or 1)
            owners.reap(self._client)
        except BaseException:
            self.close()
            raise

    @property
    def ground(self) -> str:
        """The image's id."""
        return self.image_digest

    def start(self, role: Role, limits: Limits) -> StreamEndpoint:
        """Create, attach to and start one container; a failure leaves nothing.  Raises LaunchError."""
        container = _Container(self._client, f"metronome-{role}-{uuid.uuid4().hex[:12]}")
        connection = None
        try:
            with engine.sentences("start a container"):
                self._create(container.name, role, limits)
                connection = _attach(self._client, container.name)
                self._client.start(container.name)
        except BaseException:
            if connection is not None:
                connection.close()
            container.remove()
            raise
        return StreamEndpoint(connection, container)

    def close(self) -> None:
        """Release the connection to the engine and the copies of unreadable folders."""
        self._client.close()
        self._staging.close()

    def _create(self, name: str, role: Role, limits: Limits) -> None:
        mounts, extra = self._mounts(role)
        settings = host_config(role, limits, mounts, self._gpu, self._cpus)
        self._client.create_container(
            self.image_digest,
            self._commands[role],
            name=name,
            hostname=role,
            user=USERS[role],
            # A folder that nobody can write, because `python -m` imports from it first.
            working_dir=HOME,
            environment=environment(limits, extra),
            labels=owners.labels(role),
            stdin_open=True,
            network_disabled=True,
            host_config=self._client.create_host_config(**settings),
        )

    def _mounts(self, role: Role) -> tuple[dict[str, Path], dict[str, str]]:
        """The role's folders (container path to folder here) and the variables that name them.

        The sandbox sees only `sandbox/`; the examiner also what must never enter the sandbox.
        """
        own = Path(sandbox.__file__).parent
        folders = {f"{HOME}/sandbox": own}
        extra: dict[str, str] = {}
        if role == "examiner":
            folders[f"{HOME}/grader"] = Path(__file__).parent.parent
            folders[f"{HOME}/exercises"] = course("exercises")
            folders[f"{HOME}/reference"] = course("reference")
            if (outside := outside_folder()) is not None:
                folders[f"{HOME}/outside"] = outside
                extra[VARIABLE] = f"{HOME}/outside"
            if self._data is not None:
                folders[f"{HOME}/data"] = self._data
                extra["GRADE_DATA"] = f"{HOME}/data"
        return {target: self._staging.readable(folder) for target, folder in folders.items()}, extra


class _Container:
    """One container, by the name we gave it: so it can be removed even if creating it was interrupted."""

    def __init__(self, client: APIClient, name: str) -> None:
        self._client = client
        self.name = name

    def kill(self) -> None:
        """Kill it, and again where the engine has waited in vain for its end, as it may on a busy machine."""
        from docker.errors import APIError, NotFound

        until = time.monotonic() + _REMOVAL
        with engine.sentences("kill a container"):
            while True:
                try:
                    self._client.kill(self.name, "SIGKILL")
                    return
                except NotFound:
                    return
                except APIError as error:
                    if "is not running" in str(error):
                        return
                    if "did not receive an exit event" not in str(error) or time.monotonic() > until:
                        raise

    def remove(self) -> None:
        """Remove it and wait until it is gone: the engine does so by itself too, and the two may meet."""
        from docker.errors import APIError, NotFound

        until = time.monotonic() + _REMOVAL
        with engine.sentences(f"remove the container {self.name}"):
            while True:
                try:
                    self._client.remove_container(self.name, force=True, v=True)
                    return
                except NotFound:
                    return
                except APIError as error:
                    if "already in progress" not in str(error) or time.monotonic() > until:
                        raise
                time.sleep(0.02)


def _require_image(client: APIClient, device: str) -> str:
    """The image's id.  Raises ImageMissing."""
    tag = tag_for(device)
    found = engine.image_id(client, tag)
    if found is None:
        raise ImageMissing(f"The sandbox image {tag} is not built; build it with `{build_command(device)}`.")
    return found


def _attach(client: APIClient, name: str) -> socket.socket:
    """A socket of our own on the container's stdin, stdout and stderr."""
    answer: Any = client.attach_socket(name, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
    try:
        # The package's own handle lives as long as its HTTP response does; a duplicate is ours alone.
        return socket.socket(fileno=os.dup(answer.fileno()))
    finally:
        getattr(answer, "_response", answer).close()
