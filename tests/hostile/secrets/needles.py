"""What is looked for: all that tells the hidden data of a challenge, in the forms a program would keep it in."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Iterator

import numpy as np

from grader.challenge import Challenge
from grader.examine import Prepared
from tests.hostile.secrets.search import WORD, Search, pairs_of

SIZE, COUNT = 32, 32
"""Bytes of a window of a hidden file, and the windows tried of each."""
DISTINCT = 6
"""Different bytes in any 16 of a window."""
DIGIT = 30  # bits of an int's digit in CPython, which keeps them in 32


def all_needles(secret: bytes, challenge: Challenge, prepared: Prepared) -> dict[str, bytes]:
    """Needles by name: the secret, the submission's key, the seeds that stay outside, and the hidden files."""
    found = forms("course secret", int.from_bytes(secret), 32)
    found |= forms("challenge key", int.from_bytes(challenge._key), 32)
    for purpose in ("hidden", "train", "transfer hidden", "transfer train"):
        seed = challenge.seed(purpose)
        found |= forms(f"seed {purpose}", seed, 32)
        found[f"seed {purpose} as numpy's pool"] = np.random.SeedSequence(seed).pool.tobytes()
    found |= forms("seed looks", challenge.torch_seed("looks"), 8)
    found |= forms("seed killed", challenge.torch_seed("killed"), 8)
    return found | hidden_pieces(prepared)


def forms(name: str, value: int, size: int) -> dict[str, bytes]:
    """A number of `size` bytes in all the forms it may be kept in."""
    raw = value.to_bytes(size)
    digits = [value >> shift & (1 << DIGIT) - 1 for shift in range(0, value.bit_length(), DIGIT)]
    return {
        f"{name} as bytes": raw,
        f"{name} as bytes, last first": raw[::-1],
        f"{name} as decimal digits": str(value).encode(),
        f"{name} as hexadecimal digits": raw.hex().encode(),
        f"{name} as capital hexadecimal digits": raw.hex().upper().encode(),
        f"{name} as base64": base64.b64encode(raw),
        f"{name} as an int of Python": struct.pack(f"<{len(digits)}I", *digits),
    }


def hidden_pieces(prepared: Prepared) -> dict[str, bytes]:
    """Windows of the hidden files that share no 16 bytes with a training file.

    Labels alone make none, and neither does text of few characters.
    """
    public = [data for content in prepared.training.values() for _, data in file_forms(content)]
    found: dict[str, bytes] = {}
    for name, content in prepared.hidden.items():
        for form, data in file_forms(content):
            found |= {f"hidden {name}{form} at {at}": data[at : at + SIZE] for at in places(data)}
    search = Search(pairs_of(found))
    shared = {window for data in public for shift in range(WORD) for window in search.in_bytes(data[shift:])}
    return {window: piece for window, piece in found.items() if window not in shared}


def file_forms(content: bytes) -> Iterator[tuple[str, bytes]]:
    """A file's own bytes; of a numpy file its numbers, if they are no integers in single and in double precision."""
    if content[:6] != b"\x93NUMPY":
        yield "", content
        return
    values = np.load(io.BytesIO(content), allow_pickle=False)
    for kind in (np.float32, np.float64) if values.dtype.kind == "f" else (values.dtype.type,):
        yield f" as {kind.__name__}", values.astype(kind).tobytes()


def places(data: bytes) -> list[int]:
    """Offsets of windows, spread over the data, without runs of few different bytes."""
    spread = np.linspace(16, len(data) - SIZE - 1, COUNT).astype(int).tolist()
    return [at for at in spread if varied(data[at : at + SIZE])]


def varied(window: bytes) -> bool:
    """Whether any 16 bytes in a row of it could hardly be found elsewhere by chance."""
    starts = range(len(window) - 2 * WORD + 1)
    return all(len(set(window[at : at + 2 * WORD])) >= DISTINCT for at in starts)
