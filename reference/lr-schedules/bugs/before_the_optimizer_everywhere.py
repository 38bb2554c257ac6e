# expect: scheduler-before-optimizer
import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    for _ in range(epochs):
        scheduler_moves(scheduler, schedule_per, "epoch")
        for x, y in loader:
            scheduler_moves(scheduler, schedule_per, "batch")
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()


def scheduler_moves(scheduler, schedule_per, now):
    if schedule_per == now:
        scheduler.step()


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    part = (step - warmup) / (total - warmup)
    return peak * (1 + math.cos(math.pi * part)) / 2
