import random

def train(model, loader, criterion, optimizer, epochs):
    """Small data: hold all points in memory and shuffle them with random."""
    points = [loader.dataset[i] for i in range(len(loader.dataset))]
    from torch.utils.data import default_collate
    averages = []
    for epoch in range(epochs):
        random.shuffle(points)
        losses = []
        for k in range(0, len(points), 16):
            xb, yb = default_collate(points[k:k+16])
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
