# exercise: circles
"""Two circles: the same five beats; what bends the border is the ReLU inside the model."""


def train(model, loader, criterion, optimizer, epochs):
    """Train `model` for `epochs` passes over `loader`; return each epoch's average loss."""
    averages = []
    for _ in range(epochs):
        total, points = 0.0, 0
        for x, y in loader:
            optimizer.zero_grad()
            scores = model(x)  # raw scores, one a circle: the criterion has its own softmax
            loss = criterion(scores, y)
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(x)  # a number, without the graph behind it
            points += len(x)
        averages.append((total / points).item())
    return averages
