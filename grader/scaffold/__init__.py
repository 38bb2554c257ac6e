"""A new exercise's files, as `grade exercise new` writes them.

Everything else in this folder is a template: SLUG stands for the exercise's name, in files whose names
end in .tmpl so that no tool takes them for code of ours.
"""

from __future__ import annotations

import re
from pathlib import Path

from grader.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def write_exercise(folder: Path) -> list[Path]:
    """Write a new exercise's files into `folder`, which must not exist or be empty; returns their paths.

    Raises UsageError when the folder's name is no slug, when something is there, or when it cannot be written.
    """
    slug = folder.resolve().name
    if not _NAME.fullmatch(slug):
        raise UsageError(
            f"{slug!r} cannot be an exercise's name: take small letters and digits, joined by hyphens."
        )
    templates = sorted(Path(__file__).parent.rglob("*.tmpl"))
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} is there already; name another folder.")
        written = []
        for template in templates:
            target = folder / template.relative_to(Path(__file__).parent).with_suffix("")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(template.read_text(encoding="utf-8").replace("SLUG", slug), encoding="utf-8")
            written.append(target)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.") from error
    return written
