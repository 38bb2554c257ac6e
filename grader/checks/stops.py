"""How a run ended: the finding for what stopped it, from the trace and from what the host saw."""

from __future__ import annotations

from dataclasses import dataclass

from grader.checks.crashes import shape_mismatch, wrong_device
from grader.checks.registry import Found, finding
from grader.models import Evidence, Finding
from sandbox import trace


@dataclass(frozen=True)
class Ending:
    """What the host knows of a run's end; times in seconds, memory in MiB, output in bytes."""

    exit_code: int | None
    signal: int | None
    out_of_memory: bool
    output_exceeded: bool
    timed_out: bool
    output_bytes: int
    deadline: float
    memory_mb: int

    @property
    def by_host(self) -> bool:
        """Whether the host itself ended the run, or saw why it ended; no word of the child is needed then."""
        return self.timed_out or self.output_exceeded or self.out_of_memory


def ending_of(ending: Ending, records: tuple[trace.Record, ...]) -> tuple[str, str, tuple[int, ...]]:
    """Slug, sentence and lines of what stopped a run; ("", "", ()) when it ended by itself.

    What the host saw comes first; the child's own account is believed for what it says of itself.
    """
    stop = next((item for item in records if isinstance(item, trace.Stop)), None)
    end = next((item for item in records if isinstance(item, trace.End)), None)
    if ending.output_exceeded:
        return (
            "output-exceeded",
            f"It had printed {ending.output_bytes / 2**20:.0f} MiB when it was stopped.",
            (),
        )
    if ending.timed_out:
        return (
            "timed-out",
            f"It was stopped after {ending.deadline:g} s. {reached(records)}",
            _last_line(records),
        )
    if ending.out_of_memory or (stop is not None and stop.slug == "memory-exceeded"):
        text = f"It asked for more than the {ending.memory_mb} MiB it may use. {reached(records)}"
        return "memory-exceeded", text, tuple(stop.frames) if stop is not None else _last_line(records)
    if stop is not None and (cause := _cause(stop, records)):
        slug, text = cause
        return slug, f"{text} ({stop.type}: {stop.message})", tuple(stop.frames)
    if stop is not None:
        kind = f"{stop.type}: " if stop.type else ""
        return stop.slug, f"{kind}{stop.message}".strip() or "It stopped.", tuple(stop.frames)
    if ending.signal is not None:
        return (
            "crashed",
            f"The process was killed by signal {ending.signal}. {reached(records)}",
            _last_line(records),
        )
    if end is None or ending.exit_code != 0:
        text = f"The process ended itself with exit status {ending.exit_code} in the middle of the run. "
        return "crashed", text + reached(records), _last_line(records)
    return "", "", ()


def _cause(stop: trace.Stop, records: tuple[trace.Record, ...]) -> tuple[str, str] | None:
    """The finding that a crash is told as (one of CRASH_CAUSES) and its sentence, where the cause is known."""
    if stop.slug != "crashed":
        return None
    if text := wrong_device(stop.message):
        return "wrong-device", text
    if text := shape_mismatch(stop.message):
        return "shape-mismatch", text
    if "modified by an inplace operation" in stop.message and _stepped_between(records):
        text = "The parameters were moved between a batch's forward pass and its backward pass."
        return "step-before-backward", text
    scalers = [item for item in records if isinstance(item, trace.Scaler)]
    called_again = "unscale_() is being called after step()" in stop.message and any(
        item.unscaled >= item.updates + 2 for item in scalers
    )
    if called_again or "has already been called since the last update()" in stop.message:
        return "scaler-update-missing", "The scaler was asked for a second step before it was updated."
    if "but _scale is None" in stop.message:
        return "scaler-bypassed", "The scaler was asked to unscale or step, and had never scaled a loss."
    if "No inf checks were recorded prior to update" in stop.message and any(
        item.scaled and item.bypassed and not item.steps and not item.unscaled for item in scalers
    ):
        text = "The loss was scaled, and the optimizer stepped without the scaler, on scaled gradients."
        return "scaler-bypassed", text
    return None


def _stepped_between(records: tuple[trace.Record, ...]) -> bool:
    """Whether the first batch had a step between its forward and its backward: torch refuses that backward."""
    beats = "".join(item.beats for item in records if isinstance(item, trace.Pattern))
    since = beats[beats.rfind("F") :] if "F" in beats else ""
    return 0 < since.find("S") < since.find("B")


def reached(records: tuple[trace.Record, ...]) -> str:
    """How far a run had come, in a sentence: "It had reached step 37; no step was seen." and the like."""
    counts: dict[str, int] = {}
    for item in records:
        if isinstance(item, (trace.End, trace.Progress)):
            counts = item.counts
    backwards = counts.get("B", 0) + counts.get("A", 0)
    steps = counts.get("S", 0)
    if not counts or not (backwards or steps or counts.get("F", 0) or counts.get("D", 0)):
        return "No training step had begun."
    if not steps:
        forwards = counts.get("F", 0)
        if not backwards and not forwards:
            return f"It had drawn {counts.get('D', 0)} batches; no step was seen."
        seen = f"backward passes: {backwards}" if backwards else f"forward passes: {forwards}"
        return f"So far it had made {seen}; no step was seen."
    return f"It had reached step {steps}."


def _last_line(records: tuple[trace.Record, ...]) -> tuple[int, ...]:
    lines = [item.line for item in records if isinstance(item, trace.Progress) and item.line]
    return tuple(lines[-1:])


def stop_finding(slug: str, text: str, lines: tuple[int, ...], evidence: Evidence) -> Finding:
    """The finding for a stop."""
    return finding(slug, Found(text, lines), evidence)
