"""The challenge: the course secret, and the sub-seeds that make each submission's data its own.

Everything secret comes from one 256-bit secret by HMAC-SHA256, so the same file graded again meets the
same data, and nobody without the secret can compute them.  The secret never leaves this process.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import BadSettings
from grader.settings import SECRET_VARIABLE, Settings

SECRET_BYTES = 32
_WAY_OUT = f"set {SECRET_VARIABLE}, or secret_file in grade.toml"
_DOMAIN = b"metronome course secret 1\0"


@dataclass(frozen=True)
class Challenge:
    """The key of one submission; its seeds are named by what they are for.  Never shown in a repr."""

    _key: bytes = field(repr=False)

    @classmethod
    def derive(cls, secret: bytes, exercise: str, version: int, student: str, sha256: str) -> Challenge:
        """The challenge of a submission: `exercise` is its slug, `sha256` the file's hex digest."""
        return cls(_mac(secret, "challenge", exercise, str(version), student, sha256))

    def seed(self, purpose: str) -> int:
        """A 256-bit seed, for what stays outside the sandbox (hidden data)."""
        return int.from_bytes(_mac(self._key, "seed", purpose))

    def torch_seed(self, purpose: str) -> int:
        """A 63-bit seed for a torch generator; says nothing about `seed` of the same purpose."""
        return int.from_bytes(_mac(self._key, "torch", purpose)[:8]) >> 1


def _mac(key: bytes, *fields: str) -> bytes:
    """HMAC-SHA256 over the fields, each with its length before it so that their borders cannot move."""
    message = bytearray()
    for text in fields:
        raw = text.encode("utf-8", "surrogatepass")
        message += len(raw).to_bytes(8) + raw
    return hmac.digest(key, message, "sha256")


def course_secret(settings: Settings, environ: Mapping[str, str] | None = None) -> bytes:
    """The course secret, 32 bytes: from GRADE_SECRET, else from its file, which is made when absent.

    Raises BadSettings when there is none to be had, or when others could read the file.
    """
    environ = os.environ if environ is None else environ
    if (text := environ.get(SECRET_VARIABLE)) is not None:
        if not text.strip():
            raise BadSettings(f"{SECRET_VARIABLE} is set but empty; give it a text, or unset it.")
        return hashlib.sha256(_DOMAIN + text.encode("utf-8", "surrogateescape")).digest()
    path = settings.secret_file or default_secret_file(environ)
    try:
        return _read(path)
    except FileNotFoundError:
        _create(path)
        return _read(path)


def default_secret_file(environ: Mapping[str, str]) -> Path:
    """Where the secret is kept when nobody says: in the user's configuration folder."""
    try:
        if sys.platform == "darwin":
            base = Path.home() / "Library" / "Application Support"
        elif sys.platform == "win32":
            base = Path(environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
        else:
            base = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    except RuntimeError as error:
        raise BadSettings(f"There is no home folder to keep the course secret in; {_WAY_OUT}.") from error
    return base / "metronome" / "secret"


def _read(path: Path) -> bytes:
    """The secret in the file.  Raises FileNotFoundError, or BadSettings for all else."""
    try:
        # Without O_NONBLOCK a pipe of that name would hang us.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            raw = file.read(2 * SECRET_BYTES + 8) if stat.S_ISREG(facts.st_mode) else b""
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BadSettings(
            f"The course secret {path} cannot be read: {error.strerror}; {_WAY_OUT}."
        ) from error
    if os.name == "posix" and facts.st_mode & 0o077:
        raise BadSettings(f"The course secret {path} can be read by others; run: chmod 600 '{path}'.")
    if not re.fullmatch(rb"[0-9a-f]{64}\s*", raw):
        raise BadSettings(
            f"The course secret {path} is damaged: 64 hexadecimal digits were expected."
            " Restore it from a copy, or delete it to draw a new one (every challenge then changes)."
        )
    return bytes.fromhex(raw[: 2 * SECRET_BYTES].decode())


def _create(path: Path) -> None:
    """Draw a secret and put it at `path`, unless another process was quicker.

    The file is written whole under another name (mkstemp: O_EXCL, mode 0600) and then linked to its own
    one, which fails if that exists; so nobody ever reads half a secret, and all racers end with one.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(prefix=".secret-", dir=path.parent)
        try:
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(os.urandom(SECRET_BYTES).hex() + "\n")
                file.flush()
                os.fsync(descriptor)
            os.link(temporary, path)
        finally:
            os.unlink(temporary)
    except FileExistsError:
        return
    except OSError as error:
        raise BadSettings(
            f"The course secret cannot be kept in {path}: {error.strerror}; {_WAY_OUT}."
        ) from error
