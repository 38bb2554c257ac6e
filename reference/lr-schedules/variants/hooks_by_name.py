"""What happens after a batch and after an epoch is looked up in a dictionary."""

import math


def nothing():
    pass


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    after = {"batch": nothing, "epoch": nothing, schedule_per: scheduler.step}
    for _ in range(epochs):
        for inputs, targets in loader:
            optimizer.zero_grad()
            criterion(model(inputs), targets).backward()
            optimizer.step()
            after["batch"]()
        after["epoch"]()


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak / warmup * (step + 1)
    angle = math.pi * min(1.0, (step - warmup) / (total - warmup))
    return 0.5 * peak * (math.cos(angle) + 1)
