"""What all records have in common, and the table of their kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Record:
    """Base of all records; `kind` is the class's name in the file."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.kind = cls.__name__
        KINDS[cls.kind] = cls


KINDS: dict[str, type[Record]] = {}
