"""A class's hand-ins: from a folder or a bulk download, and a roster, to one file for each student."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.ingest.archive import read_archive
from grader.ingest.choice import choose
from grader.ingest.folder import read_folder
from grader.ingest.layout import handed_in
from grader.ingest.matching import Group, match
from grader.ingest.roster import read_roster
from grader.ingest.tree import listed, plain


@dataclass(frozen=True)
class HandIn:
    """What one student handed in.

    `student` is the roster's, or made from the name the platform gives; `id` is the platform's, "" in
    folders.  `problem` is a sentence where no Python file was handed in; `source` is then empty.  What
    else may be wrong with `source` says `problem_in` of `grader.ingest.loop`.  `remark` is what a person
    should know about how the file was found.  No text holds a control character or a lone surrogate.
    """

    student: str
    name: str
    id: str
    filename: str
    source: bytes = field(repr=False)
    problem: str = ""
    late: bool = False
    remark: str = ""


@dataclass(frozen=True)
class Class:
    """A class, in the order of `student`.

    `unmatched` are the students among `submissions` whom the roster lacks, `absent` those of the roster who
    handed in nothing, and `skipped` the files that belong to nobody, with the reason.
    """

    submissions: tuple[HandIn, ...]
    unmatched: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def class_of(path: Path, roster_path: Path | None = None, leave_out: Iterable[Path] = ()) -> Class:
    """The class whose hand-ins are in the folder or zip archive at `path`.

    `leave_out` are files and folders inside that are no hand-ins, such as the output folder; the roster is
    one of them.  Raises NoSuchFile, BadArchive and BadRoster.
    """
    roster = read_roster(roster_path) if roster_path else None
    tree = read_folder(path, _with(leave_out, roster_path)) if _is_folder(path) else read_archive(path)
    files, skipped = handed_in(tree, roster)
    matched = match(roster, files)
    return Class(
        submissions=tuple(_hand_in(group) for group in matched.groups),
        unmatched=matched.unmatched,
        absent=matched.absent,
        skipped=tuple(map(str, sorted((*tree.skipped, *skipped), key=lambda each: each.path))),
    )


def _is_folder(path: Path) -> bool:
    """Whether `path` is a folder; what is nothing at all is reported when it is opened."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _with(leave_out: Iterable[Path], roster_path: Path | None) -> list[Path]:
    return [*leave_out, roster_path] if roster_path else list(leave_out)


def _hand_in(group: Group) -> HandIn:
    """The newest of a student's files, with what there is to say about it."""
    choice = choose(group.files)
    owners = sorted(
        {plain(f"{file.label} ({file.id})" if file.id else file.label, 60) for file in group.files}
    )
    # Two accounts, or two folders, that fit one student need not be one person's.
    merged = f"The files of {listed(owners)} were taken for one student's." if len(owners) > 1 else ""
    return HandIn(
        student=group.student,
        name=group.name,
        id=choice.file.id,
        filename=choice.filename,
        source=choice.file.source or b"",
        problem=choice.problem,
        late=choice.file.late,
        remark=" ".join(filter(None, (choice.note, merged))),
    )
