"""One optimizer per parameter, stepped as soon as its gradient is there: backward does it all."""

import torch


def train(model, loader, criterion, optimizer, epochs):
    rate = optimizer.param_groups[0]["lr"]
    own = {parameter: torch.optim.SGD([parameter], lr=rate) for parameter in model.parameters()}

    def step_and_clear(parameter):
        own[parameter].step()
        own[parameter].zero_grad()

    handles = [parameter.register_post_accumulate_grad_hook(step_and_clear) for parameter in own]
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            total += loss.item()
        averages.append(total / len(loader))
    for handle in handles:
        handle.remove()
    return averages
