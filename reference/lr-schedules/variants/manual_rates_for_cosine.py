"""The scheduler only tells its rates; the loop keeps a table of them and sets each itself."""

import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    calls = epochs * len(loader) if schedule_per == "batch" else epochs
    table = []
    for _ in range(calls):
        table.append(optimizer.param_groups[0]["lr"])
        scheduler.optimizer._opt_called = True
        scheduler.step()
    step = 0
    for epoch in range(epochs):
        for x, y in loader:
            optimizer.param_groups[0]["lr"] = table[step if schedule_per == "batch" else epoch]
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
            step += 1


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    part = (step - warmup) / (total - warmup)
    return peak * (1 + math.cos(math.pi * part)) / 2
