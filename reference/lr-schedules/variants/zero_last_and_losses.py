"""Clears last, and returns each epoch's loss."""

import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    model.train()
    history = []
    optimizer.zero_grad()
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += loss.detach()
            if schedule_per == "batch":
                scheduler.step()
        if schedule_per != "batch":
            scheduler.step()
        history.append(float(total) / len(loader))
    return history


def warmup_cosine(step, warmup, total, peak):
    if step >= total:
        return 0.0
    ramp = (step + 1) / warmup if step < warmup else 1.0
    part = max(0, step - warmup) / (total - warmup)
    return peak * ramp * 0.5 * (1.0 + math.cos(math.pi * part))
