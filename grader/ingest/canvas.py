"""Reads the file names of a Canvas download: `{name}[_LATE]_{user id}_{attachment id}_{file}`.

Names and files may hold underscores and digits themselves, so that one file name can be read in several
ways.  Students choose what stands on the right, and Canvas itself takes the leftmost pair of numbers
(`infer_comment_context_from_filename` of its `Assignment`); so the leftmost reading wins unless something
outside the file name speaks for another.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from grader.ingest.roster import spellings, squeezed

MAX_READINGS = 32
"""Most ways in which one file name is read; only one made to take our time has more."""

_UPLOAD = re.compile(r"(?=_([0-9]{1,20})_([0-9]{1,20})_.)", re.DOTALL)
_ENTRY = re.compile(r"(?=_([0-9]{1,20})(?:_[0-9]{1,20})?_((?:text|link)\.html)\Z)")
# An anonymous id is five letters and digits.  Canvas puts LATE first; it is understood elsewhere too.
_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<late2>LATE_)?(?P<id>[A-Za-z0-9]{1,20})(?P<late3>_LATE)?"
    r"_(?:(?P<attachment>[0-9]{1,20})_)?(?P<file>.+)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Reading:
    """One way to read a file name.  `attachment` is -1 for a text or a link that was entered on the page."""

    name: str
    id: str
    attachment: int
    file: str
    late: bool = False
    anonymous: bool = False


def read_names(names: Iterable[str], known: Mapping[str, str] | None = None) -> dict[str, Reading]:
    """How each of `names` is read; those that Canvas never writes are not in the result.

    `known` maps user ids of the roster to names ("" where the roster has none).
    """
    readings = {name: found for name in names if (found := _readings(name))}
    anonymous = {name: reading for name in readings if (reading := _anonymous(name))}
    if len(anonymous) == len(readings):  # an assignment is anonymous or it is not
        return anonymous
    evidence = _Evidence(readings, known or {})
    return {name: max(found, key=evidence.weigh) for name, found in readings.items()}


def _readings(name: str) -> list[Reading]:
    """All ways to read a file name, the leftmost first."""
    found: dict[int, Reading] = {}
    for match in islice(_UPLOAD.finditer(name), MAX_READINGS):
        file = name[match.end(2) + 1 :]
        found[match.start()] = _reading(name[: match.start()], match[1], int(match[2]), file)
    for match in _ENTRY.finditer(name):
        found.setdefault(match.start(), _reading(name[: match.start()], match[1], -1, match[2]))
    if not found and (reading := _anonymous(name)):
        return [reading]
    return [found[start] for start in sorted(found)]


def _reading(name: str, user: str, attachment: int, file: str) -> Reading:
    """A reading, with LATE taken off the name."""
    # Canvas writes names in lower case, so LATE in capitals is no part of one.
    late = name == "LATE" or name.endswith("_LATE")
    return Reading(name[: -len("_LATE")] if late else name, user, attachment, file, late)


def _anonymous(name: str) -> Reading | None:
    """The file name read as one of an anonymous assignment."""
    match = _ANONYMOUS.fullmatch(name)
    if not match:
        return None
    attachment, file = match["attachment"], match["file"]
    if attachment is None and file not in ("text.html", "link.html"):
        return None
    late = bool(match["late"] or match["late2"] or match["late3"])
    return Reading("anon", match["id"], int(attachment) if attachment else -1, file, late, True)


class _Evidence:
    """What the other file names and the roster say about a reading."""

    def __init__(self, readings: Mapping[str, list[Reading]], known: Mapping[str, str]) -> None:
        self.known = known
        self.owners: defaultdict[str, set[str]] = defaultdict(set)
        sure = [found[0] for found in readings.values() if len(found) == 1]
        for reading in sure:
            self.owners[reading.id].add(squeezed(reading.name))
        # Numbers count up over all users and files, so those of one class are mostly of one length.
        everything = sure or [reading for found in readings.values() for reading in found]
        self.lengths = Counter(map(_lengths, everything))

    def weigh(self, reading: Reading) -> tuple[int, int, int]:
        """More for a better reading; the first of equals is to be taken."""
        return self._owned(reading), self._in_roster(reading), self.lengths[_lengths(reading)]

    def _owned(self, reading: Reading) -> int:
        """2 if a file name that is sure gives the id to the same name, 0 if only to others, else 1."""
        owners = self.owners.get(reading.id)
        if owners is None:
            return 1
        return 2 if squeezed(reading.name) in owners else 0

    def _in_roster(self, reading: Reading) -> int:
        """2 for an id of the roster under its name, 1 if the roster has no name, else 0.

        A name that is not the roster's speaks for nothing: else a student could hand in for another by
        writing that one's id into a file name.
        """
        name = self.known.get(reading.id)
        if name is None:
            return 0
        if not name:
            return 1
        return 2 if squeezed(reading.name) in spellings(name) else 0


def _lengths(reading: Reading) -> tuple[int, int]:
    """Digits of the user's id and of the attachment's."""
    return len(reading.id), len(str(reading.attachment)) if reading.attachment >= 0 else 0
