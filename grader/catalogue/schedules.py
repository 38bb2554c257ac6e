"""Findings about learning-rate schedules."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "scheduler-never-stepped": Entry(
        "error",
        "The learning rate never follows the schedule",
        "A schedule changes nothing by itself: the rate stays where it began unless your loop moves it on.",
        "Call `scheduler.step()` after `optimizer.step()`, at the cadence that the schedule is made for; a rate that "
        "you set yourself goes to every group of `optimizer.param_groups`.",
        computes="a loop that never steps its schedule",
    ),
    "scheduler-wrong-cadence": Entry(
        "error",
        "The schedule is moved on at the wrong moments",
        "A schedule counts its calls.  StepLR and cosine count epochs here, OneCycle counts batches: at the wrong "
        "cadence the rate falls far too early, or hardly at all.",
        "Call `scheduler.step()` once per epoch, after the batch loop, where the schedule counts epochs; inside the "
        "batch loop, after `optimizer.step()`, where it counts batches.",
        computes="a loop that steps its schedule in another cadence",
    ),
    "scheduler-before-optimizer": Entry(
        "warning",
        "The scheduler steps before the optimizer",
        "The first rate of the schedule is skipped, and every later one comes too early.",
        "Call `optimizer.step()` first and `scheduler.step()` after it.",
        explains=False,
        computes="a loop that steps its schedule before the optimizer",
    ),
}
