"""The schedule of an epoch moves as the epoch begins."""

import math


def descend(model, criterion, optimizer, batch):
    samples, values = batch
    for weight in model.parameters():
        weight.grad = None
    error = criterion(model(samples), values)
    error.backward()
    optimizer.step()


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    for _ in range(epochs):
        if schedule_per == "epoch":
            scheduler.step()
        for batch in loader:
            descend(model, criterion, optimizer, batch)
            if schedule_per != "epoch":
                scheduler.step()


def warmup_cosine(step, warmup, total, peak):
    if step >= total:
        return 0.0
    rising = step < warmup
    if rising:
        return (step + 1) * peak / warmup
    turned = math.pi * (step - warmup) / (total - warmup)
    return 0.5 * peak * (math.cos(turned) + 1.0)
