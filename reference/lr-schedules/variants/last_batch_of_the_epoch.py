"""Both cadences in one place: after a step, every batch or only the last one of an epoch."""

import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    for _ in range(epochs):
        for number, (x, y) in enumerate(loader, start=1):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            if schedule_per == "batch" or number == len(loader):
                scheduler.step()


def warmup_cosine(step, warmup, total, peak):
    match (step < warmup, step < total):
        case (True, _):
            return peak * (step + 1) / warmup
        case (_, True):
            return peak * math.cos(math.pi / 2 * (step - warmup) / (total - warmup)) ** 2
        case _:
            return 0.0
