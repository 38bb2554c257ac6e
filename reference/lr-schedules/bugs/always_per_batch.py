# expect: scheduler-wrong-cadence numeric: a loop that steps a schedule of epochs after every batch
import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            scheduler.step()


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    part = (step - warmup) / (total - warmup)
    return peak * (1 + math.cos(math.pi * part)) / 2
