# expect: missing-zero-grad numeric
import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            if schedule_per == "batch":
                scheduler.step()
        if schedule_per == "epoch":
            scheduler.step()


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    part = (step - warmup) / (total - warmup)
    return peak * (1 + math.cos(math.pi * part)) / 2
