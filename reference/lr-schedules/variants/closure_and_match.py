"""The step takes a closure; a match statement decides when the schedule moves."""

import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    def moves(where):
        match schedule_per, where:
            case ("batch", "batch") | ("epoch", "epoch"):
                scheduler.step()

    for _ in range(epochs):
        for x, y in loader:

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                return loss

            optimizer.step(closure)
            moves("batch")
        moves("epoch")


def warmup_cosine(step, warmup, total, peak):
    up = (step + 1) / warmup if warmup else math.inf
    left = max(total - step, 0) / (total - warmup)
    down = math.sin(math.pi / 2 * min(left, 1.0)) ** 2
    return peak * min(up, 1.0) * down
