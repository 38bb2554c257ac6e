"""The container engine: a connection to it, and its errors as sentences.

The `docker` package is imported inside functions, so that `grade --help` and local mode never load it.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grader.errors import EngineUnavailable, ImageMissing, LaunchError

if TYPE_CHECKING:
    from docker import APIClient

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
QUICK = 2
"""Seconds an engine has to answer when it is only asked whether it is there."""


def address() -> str:
    """Where the engine is looked for."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_SOCKET


@contextmanager
def connected(timeout: int = 60) -> Iterator[APIClient]:
    """A client that is closed at the end.  Raises EngineUnavailable when no engine answers."""
    client = connect(timeout)
    try:
        yield client
    finally:
        client.close()


def connect(timeout: int = 60) -> APIClient:
    """A client of the engine; `timeout` in seconds bounds each request.  Raises EngineUnavailable."""
    _knock()
    import docker
    from docker.errors import DockerException
    from docker.utils import kwargs_from_env
    from requests.exceptions import RequestException

    try:
        # APIClient asks the engine for its version at once, so a dead engine shows here.
        return docker.APIClient(version="auto", timeout=timeout, **kwargs_from_env())
    except (DockerException, RequestException, OSError, ValueError) as error:
        raise EngineUnavailable(_no_engine(error)) from error


def _knock() -> None:
    """Try the engine's socket first: a refusal then costs no import (and the package leaks its socket)."""
    scheme, _, path = address().partition("://")
    if scheme != "unix":
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError as error:
            raise EngineUnavailable(_no_engine(error)) from error


def _no_engine(error: BaseException) -> str:
    """Why no engine answered, in one sentence with the way out."""
    where = address()
    text = str(error)
    if "Permission denied" in text:
        return f"You may not use the Docker engine at {where}; join the group that owns its socket."
    return (
        f"No Docker engine answers at {where}; start it, set DOCKER_HOST, or grade without isolation"
        " with `--sandbox local`."
    )


@contextmanager
def sentences(doing: str) -> Iterator[None]:
    """Turn the engine's errors while `doing` something into LaunchErrors of one sentence."""
    from docker.errors import APIError, DockerException, ImageNotFound
    from requests.exceptions import RequestException

    try:
        yield
    except ImageNotFound as error:
        raise ImageMissing(f"The engine could not {doing}: {_reason(error)}.") from error
    except APIError as error:
        raise LaunchError(_refused(doing, _reason(error))) from error
    except RequestException as error:
        raise EngineUnavailable(f"The Docker engine at {address()} stopped answering.") from error
    except (DockerException, OSError) as error:
        raise LaunchError(_refused(doing, str(error))) from error


def _refused(doing: str, reason: str) -> str:
    """A sentence for a request the engine answered with no; a full disk is told apart."""
    if "no space left" in reason.lower():
        return f"Could not {doing}: the disk is full ({reason}). Free some space and try again."
    if "could not select device driver" in reason:
        return f"Could not {doing}: the engine has no access to a GPU ({reason}). Use `--gpu none`."
    return f"Could not {doing}: {reason}."


def _reason(error: Exception) -> str:
    """The engine's own words: first line, without a closing full stop."""
    text = str(getattr(error, "explanation", None) or error)
    return text.strip().splitlines()[0].rstrip(".") if text.strip() else type(error).__name__


def image_id(client: APIClient, tag: str) -> str | None:
    """The engine's id ("sha256:…") of an image, or None when it is not there."""
    from docker.errors import ImageNotFound

    with sentences(f"look for the image {tag}"):
        try:
            return str(client.inspect_image(tag)["Id"])  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return None


def follow(client_stream: Iterator[dict[str, object]], doing: str, lines: list[str]) -> None:
    """Read the engine's progress to its end, its text into `lines`.  Raises LaunchError on an error in it."""
    for event in client_stream:
        if error := event.get("error"):
            lines.append(str(error))
            raise LaunchError(_refused(doing, _last(lines)))
        if text := str(event.get("stream") or event.get("status") or "").strip():
            lines.append(text)


def _last(lines: list[str], width: int = 600) -> str:
    """The end of a build's log on one line, without its colours and the engine's own last words."""
    said = [line for line in lines if not line.startswith(("Removing intermediate", "The command '"))]
    text = re.sub(r"\x1b\[[0-9;]*m", "", " | ".join((said or lines)[-4:]))
    return " ".join(text.split())[-width:].rstrip(".")


def import_tar(client: APIClient, tar: Iterator[bytes], repository: str, tag: str) -> None:
    """Make an image of one layer from a tar stream.  Raises LaunchError."""
    with sentences(f"import the image {repository}:{tag}"):
        answer = client.import_image_from_stream(
            tar, repository=repository, tag=tag, changes=['CMD ["python3"]']
        )
        for line in answer.splitlines():
            if error := json.loads(line).get("error"):
                raise LaunchError(_refused("import the base image", str(error)))
