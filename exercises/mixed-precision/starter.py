"""Train in mixed precision: fill the gaps, then `grade submit --exercise mixed-precision starter.py`."""


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    """Train `model` for `epochs` passes over `loader`, every gradient clipped to the norm `max_norm`."""
    model.train()
    for _ in range(epochs):
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad(set_to_none=True)
            # TODO: run the forward pass and the loss under autocast
            loss = criterion(model(x), y)
            # TODO: scale the loss, and send it backward
            # TODO: unscale the gradients, then clip them to max_norm
            # TODO: step through the scaler, and update it
