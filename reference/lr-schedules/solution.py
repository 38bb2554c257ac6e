"""A rate that changes: the schedule moves on after every epoch or after every batch, as it asks."""

import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    """Train `model` for `epochs` passes over `loader`, and move the schedule on in time."""
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            # The optimizer first: the scheduler sets the rate of the step that comes next.
            if schedule_per == "batch":
                scheduler.step()
        if schedule_per == "epoch":
            scheduler.step()


def warmup_cosine(step, warmup, total, peak):
    """The learning rate at `step`, counted from 0."""
    if step < warmup:
        # step + 1, so that step 0 already moves and the last warm-up step has the peak.
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    part = (step - warmup) / (total - warmup)
    return peak * (1 + math.cos(math.pi * part)) / 2
