"""What a replay or a loop of ours needs loaded: once, and outside of the time that either may take.

The first step of an optimizer imports torch's compiler, which takes two seconds, and on a loaded machine twenty.
"""

from __future__ import annotations

import functools

from sandbox.zygote import preload, warm_up


@functools.cache
def warm() -> None:
    """Load what the first step of an optimizer does."""
    warm_up()


def load(packages: list[str]) -> None:
    """Load that, and the packages that an exercise names in `preload`."""
    preload(packages)
    warm()
