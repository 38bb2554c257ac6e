"""A script of which nothing is told, for runs that nobody will execute again."""

from __future__ import annotations

from typing import Any

from sandbox.spies.calls import Op
from sandbox.spies.script import ScriptLog


class SilentScript(ScriptLog):
    """Takes what a `ScriptLog` takes, looks at none of it and keeps nothing."""

    silent = True

    def boundary(self) -> None:
        """Nothing was kept of the step."""

    @property
    def repeats(self) -> bool:
        """No step differs from the last one in what is told of it."""
        return True

    def repeated(self, times: int) -> None:
        """Nor do these."""

    def retell(self, *_: Any, **__: Any) -> None:
        """Nothing is told."""

    def record(self) -> None:
        """There is none."""

    def add(self, op: Op) -> None:
        """Nothing is kept."""

    def _ignore(self, *_: Any, **__: Any) -> None:
        """Nothing is looked at."""

    met = asked = drawn = ended = forward = made = loss = backward = _ignore
    seeded = differentiated = gave_gradients = clipped = built = step_begins = _ignore
    scaler_made = scaled = updated = recomputed = by_scaler = explained = first_seen = _ignore
    returned = gave = saved = loaded = _ignore

    def called(self, *_: Any, **__: Any) -> Op:
        """No function is told."""
        return []

    def opened(self, number: int, loader: Any) -> int:
        """The pass is not counted."""
        return 0

    def scale(self, number: int, args: tuple[Any, ...]) -> Op:
        """What is scaled is not looked at."""
        return []

    def optimizer(self, optimizer: Any) -> int:
        """What it is called is not told."""
        return 0

    def changed(self, info: Any, optimizer: Any) -> list[list[Any]]:
        """Settings are not compared."""
        return []

    def stepped(self, info: Any, optimizer: Any) -> None:
        """A step is not told."""
        self.pending = None
