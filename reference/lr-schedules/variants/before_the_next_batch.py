"""The schedule moves on before every batch but the first."""

import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    steps = 0
    for _ in range(epochs):
        for x, y in loader:
            due = schedule_per == "batch" or steps % len(loader) == 0
            if steps and due:
                scheduler.step()
            optimizer.zero_grad(set_to_none=False)
            criterion(model(x), y).backward()
            optimizer.step()
            steps += 1


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    part = (step - warmup) / (total - warmup)
    return peak * (1 + math.cos(math.pi * part)) / 2
