"""What scripts tell of updates: how optimizers and gradient scalers are made and set, and when they step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from sandbox.spies.calls import CallLog, Op

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder
    from sandbox.spies.registry import OptimizerInfo

MAX_NUMBERS = 200_000  # characters of settings that changed and of constants, which one record holds
SETTINGS = ("lr", "momentum", "betas", "weight_decay")  # of an optimizer's groups, that may change
SCALER = ("scale", "growth_factor", "backoff_factor", "growth_interval")
UNKNOWN = "?"


class UpdateLog(CallLog):
    """The updates among the operations of the step under way, and the settings that changed for them."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self.tracing = False  # whether operations of the student's code are told
        self.scaler: int | None = None  # whose step is under way
        self.pending: list[list[Any]] | None = None  # settings that changed, and were not expected to
        self._closures: list[int] = []  # where the operations of closures begin
        self._births = 0  # optimizers of the file's own so far
        self._numbers: list[list[float]] = []  # settings as they changed: a number, and how often in turn
        self._room = MAX_NUMBERS

    def unknown(self, beat: str, why: str) -> None:
        """Note a beat whose operation cannot be told."""
        self.add([UNKNOWN, beat, why])

    # ── optimizers ───────────────────────────────────────────────────────────────────────────────

    def optimizer(self, optimizer: torch.optim.Optimizer) -> int:
        """What an optimizer is called: one of the exercise by its number, one of the file's by its age.

        -2 is the newest, so that steps that make one anew each time are equal.
        """
        info = self._recorder.registry.optimizer(optimizer)
        return info.number if info.birth is None else info.birth - self._births - 2

    def built(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> None:
        """The student's code made an optimizer."""
        self._births += 1
        info.birth = self._births
        kind = type(optimizer)
        groups = [_group(self, group) for group in optimizer.param_groups]
        own = vars(torch.optim).get(kind.__name__) is not kind
        if None in groups or (own and not self.tracing):
            self.unknown("", "an optimizer of the file's own kind")
        else:
            self.add(["O", "" if own else kind.__name__, groups])
        info.settings = _settings(optimizer)

    def step_begins(self, optimizer: torch.optim.Optimizer, closure: bool) -> None:
        """A step was called, perhaps with a closure; an optimizer of the file's own kind is one itself."""
        kind = type(optimizer)
        self._closures.clear()  # one that raised never said that it ended
        if closure or (self.tracing and vars(torch.optim).get(kind.__name__) is not kind):
            self._closures.append(len(self.ops))

    def stepped(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer stepped, and called its closure where it had one."""
        body = None
        if self._closures:
            start = self._closures.pop()
            body = repeating(self.ops[start:])
            del self.ops[start:]
        changed, self.pending = self.pending, None
        if changed is None:
            changed = self.changed(info, optimizer)
        number = self.optimizer(optimizer)
        if changed:
            self.add(["R", number, changed])
        more = [] if body is None and self.scaler is None else [body]
        self.add(["S", number, *more, *([] if self.scaler is None else [self.scaler])])

    def changed(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> list[list[Any]]:
        """Which settings of which groups are others than at its last step; they are noted."""
        now = _settings(optimizer)
        before, info.settings = info.settings, now
        if before is None or before == now or len(before) != len(now):
            return []
        found = []
        for place, (old, new) in enumerate(zip(before, now, strict=True)):
            for key, was, value in zip(SETTINGS, old, new, strict=True):
                if was != value:
                    found.append([place, key])
                    for item in value if isinstance(value, list) else [value]:
                        self._note(float(item), self._numbers)
        return found

    def explained(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> None:
        """What an optimizer's settings are now follows from what was told."""
        info.settings = _settings(optimizer)

    def first_seen(self, info: OptimizerInfo, optimizer: torch.optim.Optimizer) -> None:
        """The settings an optimizer of the exercise begins with."""
        if info.settings is None:
            info.settings = _settings(optimizer)

    def _note(self, number: float, numbers: list[list[float]]) -> None:
        if numbers and numbers[-1][0] == number:
            numbers[-1][1] += 1
        elif self._room > 0:
            numbers.append([number, 1])
            self._room -= len(repr(number)) + 5
        else:
            self._full = True

    # ── gradient scalers ─────────────────────────────────────────────────────────────────────────

    def scaler_made(self, number: int, scaler: torch.amp.GradScaler) -> None:
        """The student's code made a scaler."""
        settings = {key: value for key, value in scaler.state_dict().items() if key in SCALER}
        names = {"scale": "init_scale"}
        plain = {names.get(key, key): value for key, value in settings.items()}
        self.add(["G", number, scaler.is_enabled(), plain])

    def scale(self, number: int, args: tuple[Any, ...]) -> Op:
        """A scaler is asked to scale a loss; what is to be added once it has."""
        expression = self.operands.expression(args[0]) if isinstance(args[0], torch.Tensor) else None
        return [UNKNOWN, "", "what is scaled"] if expression is None else ["X", number, expression]

    def scaled(self, op: Op, result: Any) -> None:
        """It has; the result counts as a loss."""
        self.add(op)
        if isinstance(result, torch.Tensor):
            self.operands.hold_loss(result.grad_fn, result)

    def updated(self, number: int, args: tuple[Any, ...]) -> None:
        """A scaler updates its scale, perhaps to one that it is given."""
        if not args or args[0] is None:
            self.add(["T", number])
        elif isinstance(args[0], float):
            self.add(["T", number, args[0]])
        else:
            self.unknown("T", "a scale of the file's own")

    def by_scaler(self, beat: str, number: int, args: tuple[Any, ...]) -> None:
        """A scaler unscales the gradients of an optimizer, or skips its step."""
        if args and isinstance(args[0], torch.optim.Optimizer):
            self.add([beat, number, self.optimizer(args[0])])
        else:
            self.unknown(beat, "a gradient scaler")


def repeating(ops: list[Op]) -> list[Op]:
    """The shortest stretch of operations that, again and again, makes up all of them."""
    for size in range(1, len(ops) // 2 + 1):
        if len(ops) % size == 0 and ops == ops[:size] * (len(ops) // size):
            return ops[:size]
    return ops


def _group(log: UpdateLog, group: dict[str, Any]) -> Any:
    """A group of an optimizer's parameters with its plain settings; None where it cannot be told."""
    operands = [log.operands.find(tensor, content=False) for tensor in group["params"]]
    settings = {key: value for key, value in group.items() if key != "params"}
    plain: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, (tuple, list)) and all(isinstance(item, (int, float)) for item in value):
            plain[key] = {"l": list(value)}
        elif value is None or isinstance(value, (bool, int, float, str)):
            plain[key] = value
        else:
            return None
    return (
        None
        if None in operands or any(op[0] != "p" for op in operands if op)
        else [[op[1] for op in operands if op], plain]
    )


def _settings(optimizer: torch.optim.Optimizer) -> list[list[Any]]:
    """The settings of each group that may change while a loop runs."""
    return [[_plain(group.get(key)) for key in SETTINGS] for group in optimizer.param_groups]


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [float(item) for item in value]
    if isinstance(value, torch.Tensor):
        return float(value) if value.numel() == 1 else None
    return float(value) if isinstance(value, (int, float)) else None
