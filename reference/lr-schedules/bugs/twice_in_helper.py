# expect: scheduler-wrong-cadence
import math


def one_epoch(model, loader, criterion, optimizer, scheduler):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    for _ in range(epochs):
        one_epoch(model, loader, criterion, optimizer, scheduler)
        if schedule_per == "epoch":
            scheduler.step()


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    part = (step - warmup) / (total - warmup)
    return peak * (1 + math.cos(math.pi * part)) / 2
