"""Another scheduler does the counting; the rates are copied to the groups by hand."""

import math


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    def advance(now):
        if now == schedule_per:
            scheduler.step()
            for group, rate in zip(optimizer.param_groups, scheduler.get_last_lr(), strict=True):
                group["lr"] = rate

    for _ in range(epochs):
        batches = iter(loader)
        while (batch := next(batches, None)) is not None:
            x, y = batch
            for parameter in model.parameters():
                parameter.grad = None
            criterion(model(x), y).backward()
            optimizer.step()
            advance("batch")
        advance("epoch")


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    part = (step - warmup) / (total - warmup)
    return peak * (1 + math.cos(math.pi * part)) / 2
