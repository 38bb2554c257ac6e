# expect: wrong-value numeric: a straight line down after the warm-up
import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
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
    return peak * (total - step) / (total - warmup)
