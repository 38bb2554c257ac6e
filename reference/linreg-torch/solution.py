# exercise: linreg-torch
"""Fit a line, five beats a step: clear, forward, loss, backward, step."""


def train(model, loader, criterion, optimizer, epochs):
    """Train `model` for `epochs` passes over `loader`; return each epoch's average loss."""
    averages = []
    for _ in range(epochs):
        total, points = 0.0, 0
        # Iterating the loader anew is what draws a new order: an iterator kept across epochs would be empty.
        for x, y in loader:
            optimizer.zero_grad()  # backward adds to what is there, so what is there must go
            prediction = model(x)
            loss = criterion(prediction, y)
            loss.backward()  # now every parameter's .grad says how this batch's loss depends on it
            optimizer.step()  # parameter minus rate times gradient

            # The loss is a batch's mean; weighted by the batch's size the epoch's mean comes out right
            # even if the last batch is short.  detach(): the number is wanted, not the graph behind it.
            total += loss.detach() * len(x)
            points += len(x)
        averages.append((total / points).item())  # one wait for the device per epoch, not one per step
    return averages
