"""Where torch's CPU generator stands: its seed, and how many 32-bit numbers it has given since.

A state of 5,056 bytes could hold anything, say the weights of a trained model as the next "random" numbers; a seed and
a count cannot.  The generator is a Mersenne Twister (Matsumoto and Nishimura 1998), which makes numbers 624 at a time.
"""

from __future__ import annotations

import numpy as np
import torch

BLOCK = 624  # numbers that the generator makes at a time
MAX_DRAWN = 1 << 24  # numbers that are counted at the most
LEFT, WORDS = 8, 24  # where in a state lie how many of the block are left, and the block
NORMAL = WORDS + 8 * BLOCK + 24  # where it says whether a normal deviate waits, and from there on
VALID = slice(NORMAL, None)


def place_of(state: torch.Tensor, start: int = 0) -> tuple[int, int] | None:
    """Seed and count of a generator's state, the count at least `start`; None where it cannot be told."""
    seen = state.numpy()
    seed = int(seen[:8].view(np.uint64)[0])
    other = torch.Generator()
    try:
        other.manual_seed(seed)
    except (RuntimeError, OverflowError, ValueError):
        return None
    fresh = other.get_state().numpy()
    if not np.array_equal(seen[VALID], fresh[VALID]):
        return None  # half of a pair of normal deviates waits
    left = _left(seen)
    if np.array_equal(seen, fresh):
        return seed, 0
    words = seen[WORDS : WORDS + 8 * BLOCK]
    skip(other, 1)
    blocks = max(start // BLOCK - 1, 0)
    skip(other, blocks * BLOCK)
    while blocks * BLOCK < MAX_DRAWN:
        if np.array_equal(other.get_state().numpy()[WORDS : WORDS + 8 * BLOCK], words):
            return seed, blocks * BLOCK + BLOCK + 1 - left
        skip(other, BLOCK)
        blocks += 1
    return None


def skip(generator: torch.Generator, numbers: int) -> None:
    """Have a generator give so many 32-bit numbers."""
    while numbers > 0:
        torch.empty(min(numbers, 1 << 20), dtype=torch.int32).random_(generator=generator)
        numbers -= 1 << 20


def _left(state: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> int:
    return int(state[LEFT : LEFT + 4].view(np.int32)[0])
