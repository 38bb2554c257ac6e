# expect: wrong-signature
import math


def train(model, loader, criterion, optimizer, scheduler, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        scheduler.step()


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    part = min(1.0, (step - warmup) / (total - warmup))
    return peak * (1 + math.cos(math.pi * part)) / 2
