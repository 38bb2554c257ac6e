"""Makes text safe to show: whatever a student's code printed must not move a cursor or hide a word."""

from __future__ import annotations

import re
import unicodedata

# Escape sequences of ECMA-48 in their 7- and 8-bit forms.  A string sequence (OSC, DCS, …) that is never
# ended is cut at its line's end, so that it cannot swallow the rest.  Every branch is linear in its input.
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})


def clean(text: str) -> str:
    """`text` without escape sequences, control, bidi, zero-width and private characters or lone surrogates.

    Line breaks of every kind become newlines; tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _BREAK.sub("\n", _ESCAPE.sub("", text))
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in _DROPPED)


def one_line(text: str) -> str:
    """`text` cleaned, on a single line."""
    return " ".join(clean(text).split())
