"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


def temporary_beside(path: Path) -> tuple[int, Path]:
    """A new file beside `path`, open for writing, with the permissions a new file gets here.  Raises OSError."""
    name = f".{path.name.encode()[:100].decode(errors='ignore')}.{secrets.token_hex(4)}"
    temporary = path.with_name(name)
    return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), temporary


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one move; an older file's permissions stay.  Raises OSError."""
    descriptor, temporary = temporary_beside(path)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
