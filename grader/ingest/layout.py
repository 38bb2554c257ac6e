"""Finds out how the files of a class are laid out, and whose each of them is.

    canvas   {name}[_LATE]_{user id}_{attachment id}_{file}, all in one folder
    moodle   {Full Name}_{id}_assignsubmission_file_/path/to/file, or the same without the slash
    folder   ada.py, or ada/loop.py

One layout holds for the whole class: a student who names a file as another platform does cannot change it
for the others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from grader.errors import BadArchive
from grader.ingest.canvas import Reading, read_names
from grader.ingest.roster import Roster, folded
from grader.ingest.tree import Skipped, Tree, is_python

Layout = Literal["canvas", "moodle", "folder"]

_MOODLE = re.compile(r"(.*?)_([0-9]{1,20})_assignsubmission_[a-z]+_(.*)", re.DOTALL)


@dataclass(frozen=True)
class HandedFile:
    """One file and whose it is.

    `label` is the owner's name as the layout writes it, not cleaned, and `id` the platform's, "" in folders.
    An `anonymous` label is no name.  `path` leads to the file in the tree, `inside` from its owner's folder.
    `attachment` is Canvas's number of the upload, which grows with time.  `source` is None for what is no
    Python.
    """

    lms: Layout
    label: str
    id: str
    path: str
    inside: str
    source: bytes | None = field(repr=False)
    attachment: int = -1
    late: bool = False
    anonymous: bool = False


def handed_in(tree: Tree, roster: Roster | None = None) -> tuple[list[HandedFile], list[Skipped]]:
    """The hand-ins of a class, in the order of their paths, and the files that belong to nobody.

    The roster helps where a name can be read in several ways.  Raises BadArchive where nothing is a hand-in.
    """
    known = {row.canvas_id: row.name for row in roster.students if row.canvas_id} if roster else {}
    paths = _unwrapped(tree, roster)
    canvas = read_names([path for path in paths if "/" not in path], known)
    layout = _layout(paths, canvas)
    files: list[HandedFile] = []
    skipped = []
    for path, full in paths.items():
        found = _READERS[layout](path, full, tree.members[full], canvas.get(path))
        if isinstance(found, HandedFile):
            files.append(found)
        else:
            skipped.append(Skipped(full, found))
    # A folder that holds no Python at all is some other folder: the names in it are no students'.
    if not files or (layout == "folder" and all(file.source is None for file in files)):
        raise BadArchive(
            f"Nothing in {tree.name} is a hand-in: no Python file, and no name as Canvas or Moodle write them."
        )
    return files, skipped


def _layout(paths: Iterable[str], canvas: Mapping[str, Reading]) -> Layout:
    """The layout that most files and folders at the top speak for; the more particular one of equals."""
    votes = _votes(paths, canvas)
    order: tuple[Layout, ...] = ("moodle", "canvas", "folder")
    return max(order, key=votes.__getitem__)


def _votes(paths: Iterable[str], canvas: Mapping[str, Reading]) -> Counter[Layout]:
    """How many names at the top look like each layout; a stray file that is no Python looks like none."""
    votes: Counter[Layout] = Counter()
    for top, is_folder in {(path.split("/")[0], "/" in path) for path in paths}:
        if _MOODLE.fullmatch(top):
            votes["moodle"] += 1
        elif not is_folder and top in canvas:
            votes["canvas"] += 1
        elif is_folder or is_python(top):
            votes["folder"] += 1
    return votes


def _canvas(path: str, full: str, source: bytes | None, reading: Reading | None) -> HandedFile | str:
    """A file of a Canvas download, or why it is none."""
    if reading is None:
        return "it is not named as Canvas names what was handed in"
    return HandedFile(
        lms="canvas",
        label=reading.name,
        id=reading.id,
        path=full,
        inside=reading.file,
        source=source,
        attachment=reading.attachment,
        late=reading.late,
        anonymous=reading.anonymous,
    )


def _moodle(path: str, full: str, source: bytes | None, _: Reading | None) -> HandedFile | str:
    """A file of a Moodle download, or why it is none."""
    parts = path.split("/", 1)
    match = _MOODLE.fullmatch(parts[0])
    inside = "/".join(part for part in (match[3], *parts[1:]) if part) if match else ""
    if not match or not inside:
        return "it is not named as Moodle names what was handed in"
    # Under blind marking all are called so; the word in other languages is told apart by the ids alone.
    anonymous = folded(match[1]) == "participant"
    return HandedFile("moodle", match[1], match[2], full, inside, source, anonymous=anonymous)


def _folder(path: str, full: str, source: bytes | None, _: Reading | None) -> HandedFile | str:
    """A file named after its student, or in a folder that is."""
    top, slash, rest = path.partition("/")
    if slash:
        return HandedFile("folder", top, "", full, rest, source)
    if source is None:
        return "it is not a Python file"
    return HandedFile("folder", top.rpartition(".")[0], "", full, top, source)


_READERS = {"canvas": _canvas, "moodle": _moodle, "folder": _folder}


def _unwrapped(tree: Tree, roster: Roster | None) -> dict[str, str]:
    """Every path without the one folder that all lie in, if it is no student's, to the path in the tree."""
    paths = list(tree.members)
    tops = {path.split("/")[0] for path in paths}
    if len(tops) == 1 and all("/" in path for path in paths):
        top = tops.pop()
        below = [path[len(top) + 1 :] for path in paths]
        if not _MOODLE.fullmatch(top) and _is_wrapper(top, below, tree, roster):
            return dict(zip(below, paths, strict=True))
    return {path: path for path in paths}


def _is_wrapper(top: str, below: list[str], tree: Tree, roster: Roster | None) -> bool:
    """Whether the folder `top` holds a class, and is not itself what a student handed in.

    In doubt it is a student's in a folder, because one can then name the folder inside, and a class's in an
    archive, where one cannot.
    """
    votes = _votes(below, read_names(path for path in below if "/" not in path))
    if votes["moodle"] + votes["canvas"] > votes["folder"]:
        return True
    stems = {path.rpartition(".")[0] for path in below if "/" not in path and is_python(path)}
    folders = {path.split("/")[0] for path in below if "/" in path}
    if roster:
        students = {folded(name) for row in roster.students for name in (row.student, row.name)}
        if folded(top) in students:
            return False
        if any(folded(name) in students for name in stems | folders):
            return True
    if any(stem.casefold() == "loop" for stem in stems):
        return False
    with_loop = len({f"{name}/loop.py" for name in folders}.intersection(below))
    if tree.zipped:
        return len(stems) > 1 or (not stems and (len(folders) > 1 or with_loop > 0))
    return not stems and with_loop > 1
