"""Loss spies: the functions of torch.nn.functional (the loss modules call them too) and `.item()`."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import torch
from torch.compiler import is_compiling

from sandbox import trace
from sandbox.spies.graphs import readable
from sandbox.spies.recorder import Recorder
from sandbox.spies.steady import Beat

LOSSES = (
    "cross_entropy",
    "nll_loss",
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "kl_div",
    "multi_margin_loss",
    "multilabel_soft_margin_loss",
    "poisson_nll_loss",
    "gaussian_nll_loss",
)
REDUCTIONS = {"mean": "m", "sum": "s"}
SAMPLED = 16  # calls at each line whose input is looked at; in fresh ledger windows every one is
MAX_CALLS = 32  # different lines
MAX_PLACES = 256
UNTOLD = 10  # calls in a known place that are taken to be at the known line, before one is looked up again


class _Calls:
    """What is known of one loss function at one line."""

    def __init__(self, name: str, line: int) -> None:
        self.name, self.line = name, line
        self.calls = self.skipped = self.sampled = self.probabilities = self.squashed = 0
        self.reduction = ""
        self.input_shape: list[int] = []
        self.target_shape: list[int] = []
        self.row_sum: float | None = None
        self.unnormalised, self.logsumexp = 0, 0.0


class LossSpy:
    """Wraps the losses; keeps one entry for each function and line."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._inside = False
        self._entries: dict[tuple[str, int], _Calls] = {}
        self._places: dict[tuple[str, str], _Calls] = {}  # by the beats before

    def install(self) -> Callable[[], None]:
        """Wrap the functions; returns what undoes it."""
        functional = torch.nn.functional
        originals = {name: getattr(functional, name) for name in LOSSES if hasattr(functional, name)}
        for name, original in originals.items():
            setattr(functional, name, self._wrap(name, original))

        def uninstall() -> None:
            for name, original in originals.items():
                setattr(functional, name, original)

        return uninstall

    def close(self) -> None:
        """Write what was called."""
        for (name, line), calls in self._entries.items():
            record = trace.LossCall(
                name=name,
                line=line,
                reduction=calls.reduction[:16],
                calls=calls.calls,
                sampled=calls.sampled,
                probabilities=calls.probabilities,
                input_shape=calls.input_shape,
                target_shape=calls.target_shape,
                row_sum=calls.row_sum,
                unnormalised=calls.unnormalised,
                squashed=calls.squashed,
                logsumexp=calls.logsumexp,
            )
            self._recorder.write(record, closing=True)

    def _wrap(self, name: str, original: Callable[..., Any]) -> Any:
        recorder = self._recorder
        script, steady = recorder.script, recorder.steady

        @functools.wraps(original)
        def loss(*args: Any, **kwargs: Any) -> Any:
            if self._inside or is_compiling() or recorder.elsewhere:
                return original(*args, **kwargs)
            self._inside = script.busy = True
            try:
                result = original(*args, **kwargs)
            finally:
                self._inside = script.busy = False
            try:
                if steady.now is None or not self._as_before(name, result):
                    self._note(name, args, kwargs, result)
            except Exception:  # noqa: BLE001 - see Recorder.shield
                recorder.failed()
            return result

        return loss

    def _as_before(self, name: str, result: Any) -> bool:
        """Whether this call is the loss of a steady step."""
        steady = self._recorder.steady
        beat = steady.now
        if beat is None or beat.kind != "L" or beat.of.name != name or not torch.is_grad_enabled():
            steady.leave()
            return False
        known: _Calls = beat.of
        if known.skipped < UNTOLD:
            known.skipped += 1
        elif self._recorder.line(3) == known.line:
            known.skipped = 0
        else:
            steady.leave()
            return False
        known.calls += 1
        if steady.tells:
            steady.losses.append(result.grad_fn)
        steady.now = beat.following
        return True

    def _note(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        recorder = self._recorder
        training = torch.is_grad_enabled()
        line = recorder.beat("L" if training else "l")
        recorder.script.loss(name, args, kwargs, result)
        if not training:
            recorder.feed.evaluated(None)
            return
        if not line:
            # Finding the line costs more than all else here.  Once a call in this place of the order of beats
            # is well known, only now and then one is told from a call at another line.
            place = (name, recorder.stretch)
            known = self._places.get(place)
            if known is not None and known.skipped < UNTOLD:
                known.skipped += 1
                known.calls += 1
                recorder.steady.hear(Beat("L", known))
                return
            line = recorder.line(2)
        if not isinstance(result, torch.Tensor) or not readable(result):
            return
        entry = self._entries.get((name, line))
        if entry is None:
            if len(self._entries) >= MAX_CALLS:
                return
            entry = self._entries[name, line] = _Calls(name, line)
        entry.calls += 1
        if entry.calls > SAMPLED and not recorder.ledger.open:
            entry.skipped = 0
            if recorder.quick:
                recorder.steady.hear(Beat("L", entry))
            if len(self._places) < MAX_PLACES:
                self._places[name, recorder.stretch] = entry
            return
        reduction = str(kwargs.get("reduction", "mean"))
        if entry.calls <= SAMPLED or recorder.ledger.fresh:
            values = args[0] if args else kwargs.get("input")
            target = args[1] if len(args) > 1 else kwargs.get("target")
            _sample(entry, values, target, reduction)
            if name == "nll_loss":
                _look_at_rows(entry, values)
            recorder.labels.compared(name, line, target, recorder.batch_pointer)
        if recorder.ledger.open:
            number = float(torch._C.TensorBase.item(result)) if result.numel() == 1 else None
            values = args[0] if args else kwargs.get("input")
            rows = len(values) if isinstance(values, torch.Tensor) and values.dim() else -1
            flag = REDUCTIONS.get(reduction, "")
            recorder.ledger.row("L", line, text=name, value=number, rows=rows, flags=flag)


def _sample(entry: _Calls, values: Any, target: Any, reduction: str) -> None:
    """Look at one call's operands."""
    if not isinstance(values, torch.Tensor) or not readable(values) or _is_lost(values):
        return
    entry.sampled += 1
    entry.reduction = reduction
    entry.input_shape = list(values.shape)
    entry.target_shape = list(target.shape) if isinstance(target, torch.Tensor) else []
    if not values.is_floating_point() or not values.numel():
        return
    rows = values.detach()
    least = float(rows.min())
    if not least >= 0:  # what is negative (or nan) is no probability
        return
    entry.squashed += least > 0 and float(rows.max()) <= 1
    if values.dim() < 2 or values.shape[1] < 2:
        return
    sums = rows.sum(dim=1)
    entry.row_sum = float(sums.mean())
    entry.probabilities += bool(((sums - 1).abs() < 1e-3).all())


def _is_lost(values: torch.Tensor) -> bool:
    """Whether there are numbers no longer, which says nothing of what they were meant to be."""
    return values.is_floating_point() and bool(torch.isnan(values.detach()).any())


def _look_at_rows(entry: _Calls, values: Any) -> None:
    """Whether what goes into nll_loss are log-probabilities: each row's exponentials sum to one."""
    if not isinstance(values, torch.Tensor) or not readable(values) or _is_lost(values):
        return
    if values.dim() in (1, 2) and values.numel():
        away = float(torch.logsumexp(values.detach().float(), dim=-1).abs().max())
        entry.unnormalised += away > 1e-2
        entry.logsumexp = max(entry.logsumexp, away)


class SyncSpy:
    """Counts `.item()` called by the student's own lines, and in how many steps."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.calls = self.steps = self.line = 0
        self._last = -1

    def install(self) -> Callable[[], None]:
        """Wrap Tensor.item; returns what undoes it."""
        original = torch.Tensor.item
        recorder, filename = self._recorder, self._recorder.filename

        @functools.wraps(original)
        def item(tensor: torch.Tensor) -> Any:
            frame = sys._getframe(1)
            if frame.f_code.co_filename == filename:
                self.calls += 1
                self.line = frame.f_lineno
                if recorder.backwards != self._last:
                    self._last = recorder.backwards
                    self.steps += 1
            return original(tensor)

        torch.Tensor.item = item  # type: ignore[method-assign, assignment]

        def uninstall() -> None:
            torch.Tensor.item = original  # type: ignore[method-assign]

        return uninstall

    def close(self) -> None:
        """Write the counts."""
        if self.calls:
            self._recorder.write(trace.Sync(calls=self.calls, steps=self.steps, line=self.line), closing=True)
