"""Finds the student of the roster that each hand-in belongs to, and names those it finds none for."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from grader.ingest.layout import HandedFile
from grader.ingest.roster import Roster, Student, folded, spellings, squeezed
from grader.ingest.tree import plain

MAX_KEY = 100
"""Longest `student` that is made from a name in an archive, in characters."""

Owner = tuple[str, str, str]
"""Whom the layout says a file is from: layout, id, and name made comparable."""


@dataclass(frozen=True)
class Group:
    """All files of one student.  `student` is the roster's, or else made from the layout's name."""

    student: str
    name: str
    files: tuple[HandedFile, ...]


@dataclass(frozen=True)
class Matched:
    """A class: its hand-ins in the order of `student`, those that are not in the roster, and who is missing."""

    groups: tuple[Group, ...]
    unmatched: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def match(roster: Roster | None, files: Iterable[HandedFile]) -> Matched:
    """Group `files` by student: by the platform's id, then by name where the roster has it only once.

    The result does not depend on the order of `files`.  Without a roster nobody is unmatched or absent.
    """
    owners: defaultdict[Owner, list[HandedFile]] = defaultdict(list)
    for file in sorted(files, key=lambda file: file.path):
        owners[_owner(file)].append(file)
    index = _Index(roster.students if roster else ())
    of_roster: defaultdict[str, list[HandedFile]] = defaultdict(list)
    strangers: dict[Owner, list[HandedFile]] = {}
    found = _single({owner: index.find(handed[0]) for owner, handed in owners.items()})
    for owner, handed in sorted(owners.items()):
        student = found[owner]
        if student:
            of_roster[student.student] += handed
        else:
            strangers[owner] = handed
    rows = {row.student: row for row in roster.students} if roster else {}
    groups = [
        Group(key, rows[key].name or _name(handed[0]), tuple(handed)) for key, handed in of_roster.items()
    ]
    keys = _keys({owner: handed[0] for owner, handed in strangers.items()}, rows)
    groups += [Group(keys[owner], _name(handed[0]), tuple(handed)) for owner, handed in strangers.items()]
    return Matched(
        groups=tuple(sorted(groups, key=lambda group: group.student)),
        unmatched=tuple(sorted(keys.values())) if roster else (),
        absent=tuple(sorted(rows.keys() - of_roster.keys())),
    )


def _single(found: dict[Owner, Student | None]) -> dict[Owner, Student | None]:
    """Without those who share a name on Canvas: an id is a user's for good there, so they are two people."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for (lms, number, _), student in found.items():
        if student and lms == "canvas":
            ids[student.student].add(number)
    return {
        owner: student if student and len(ids[student.student]) <= 1 else None
        for owner, student in found.items()
    }


def _owner(file: HandedFile) -> Owner:
    """Whom the layout says a file is from.  In folders the label is all there is, so its case counts."""
    return file.lms, file.id, folded(file.label) if file.id else file.label


def _name(file: HandedFile) -> str:
    """The owner's name to show."""
    return "" if file.anonymous else plain(file.label)


class _Index:
    """The roster by all that a layout may call a student."""

    def __init__(self, students: Iterable[Student]) -> None:
        self.by_id: dict[tuple[str, str], Student] = {}
        self.by_student: dict[str, Student] = {}
        self.by_name: defaultdict[tuple[str, str], set[Student]] = defaultdict(set)
        for row in students:
            self.by_student[row.student] = row
            for lms, number in (("canvas", row.canvas_id), ("moodle", row.moodle_id)):
                if number:
                    self.by_id[lms, number] = row
            self.by_name["student", folded(row.student)].add(row)
            self.by_name["folded", folded(row.name)].add(row)
            for spelling in spellings(row.name):
                self.by_name["squeezed", spelling].add(row)

    def find(self, file: HandedFile) -> Student | None:
        """The row of the file's owner; None where there is none, or more than one might be meant."""
        if row := self.by_id.get((file.lms, file.id)):
            return row
        if file.anonymous:
            return None
        if file.lms == "canvas":
            # Another id under the same name is somebody else.
            row = self._only("squeezed", squeezed(file.label))
            return row if row is None or not row.canvas_id else None
        if file.lms == "moodle":
            return self._only("folded", folded(file.label))
        label = plain(file.label, None)
        exact = self.by_student.get(label)
        return exact or self._only("student", folded(label)) or self._only("folded", folded(label))

    def _only(self, kind: str, name: str) -> Student | None:
        """The one row that `name` fits."""
        rows = self.by_name.get((kind, name), ()) if name else ()
        return next(iter(rows)) if len(rows) == 1 else None


def _keys(strangers: dict[Owner, HandedFile], taken: Iterable[str]) -> dict[Owner, str]:
    """A `student` for each owner whom the roster lacks: the name, with the id where others have it too."""
    used = {_alike(key) for key in taken}
    bases = {owner: _base(file) for owner, file in strangers.items()}
    count = Counter(_alike(base) for base in bases.values())
    alone = {owner for owner, base in bases.items() if count[_alike(base)] == 1 and _alike(base) not in used}
    used |= {_alike(bases[owner]) for owner in alone}
    keys = {owner: bases[owner] for owner in alone}
    for owner in sorted(bases.keys() - alone):
        digest = hashlib.sha256("\0".join(owner).encode()).hexdigest()
        tail = owner[1] or digest[:8]
        key = f"{bases[owner]}-{tail}"
        while _alike(key) in used:
            key = f"{key}-{digest[:8]}"
        used.add(_alike(key))
        keys[owner] = key
    return keys


def _base(file: HandedFile) -> str:
    """What a stranger is called if nobody else is."""
    name = plain(file.label, MAX_KEY) or "unnamed"
    if file.anonymous or name == "unnamed":
        return f"{name.lower()}-{file.id}" if file.id else name
    return name


def _alike(key: str) -> str:
    """Equal for keys that a reader, or a file system, would take for one another."""
    return unicodedata.normalize("NFKC", key).casefold()
