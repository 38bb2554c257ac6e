"""The socket the server listens on, bound before anything else is started."""

from __future__ import annotations

import socket

from grader.errors import UsageError

BACKLOG = 512
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 (names that are recognised, not used)


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet.  Raises UsageError naming host and port."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        own = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise _unusable(host, port, error) from error
    try:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host in _EVERYWHERE else 1)
        own.bind(address)
    except OSError as error:
        own.close()
        raise _unusable(host, port, error) from error
    return own


def listen(own: socket.socket, host: str, port: int) -> None:
    """Begin to listen.  Raises UsageError when another process was quicker."""
    try:
        own.listen(BACKLOG)
    except OSError as error:
        raise _unusable(host, port, error) from error


def url_of(own: socket.socket, host: str) -> str:
    """The address of a bound socket for people on this machine."""
    name = "localhost" if host in _EVERYWHERE else host
    shown = f"[{name}]" if ":" in name else name
    return f"http://{shown}:{own.getsockname()[1]}"


def _unusable(host: str, port: int, error: Exception) -> UsageError:
    reason = getattr(error, "strerror", None) or str(error)
    return UsageError(f"{host}:{port} cannot be listened on: {reason}.")
