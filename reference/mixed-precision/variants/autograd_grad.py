"""Asks autograd.grad for the scaled gradients and puts the true ones into `.grad` itself."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    parameters = list(model.parameters())
    for _ in range(epochs):
        for x, y in loader:
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            found = torch.autograd.grad(scaler.scale(loss), parameters)
            for parameter, gradient in zip(parameters, found):
                parameter.grad = gradient
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(parameters, max_norm)
            scaler.step(optimizer)
            scaler.update()
