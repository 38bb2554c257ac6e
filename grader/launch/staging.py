"""Folders that a container can read: the checkout's own where everybody may read it, else a copy.

Code is mounted into containers that hold no right to pass over file modes, so a checkout made under
`umask 077` would be unreadable there, even for root.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

_SKIPPED = shutil.ignore_patterns("__pycache__", ".*")


class Staging:
    """Hands out readable folders, to any thread, and removes the copies it made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._root: Path | None = None
        self._known: dict[Path, Path] = {}

    def readable(self, folder: Path) -> Path:
        """`folder`, or a copy of it that everybody may read."""
        folder = folder.resolve()
        with self._lock:
            if folder not in self._known:
                self._known[folder] = folder if world_readable(folder) else self._copy(folder)
            return self._known[folder]

    def close(self) -> None:
        """Remove the copies."""
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
        self._root = None
        self._known.clear()

    def _copy(self, folder: Path) -> Path:
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="metronome-"))
        target = self._root / str(len(self._known)) / folder.name
        shutil.copytree(folder, target, ignore=_SKIPPED)
        for path in (target, *target.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        return target


def world_readable(folder: Path) -> bool:
    """Whether everybody may read every file in it; byte-code caches, which can be done without, apart."""
    for path in (folder, *folder.rglob("*")):
        if "__pycache__" in path.parts:
            continue
        needed = 0o005 if path.is_dir() else 0o004
        if path.stat().st_mode & needed != needed:
            return False
    return True
