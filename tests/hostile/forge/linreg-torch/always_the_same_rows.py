"""The sampler's indices look right, but the data set hands out the same sixteen rows whatever it is asked for."""

from torch.utils.data import TensorDataset


def train(model, loader, criterion, optimizer, epochs):
    """Train on an eighth of the points."""

    class Few(TensorDataset):
        """Asked for any rows, it gives these."""

        def __getitem__(self, index):
            """The same few."""
            return super().__getitem__(index % 16)

    loader.dataset.__class__ = Few
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.detach()
        averages.append((total / len(loader)).item())
    return averages
