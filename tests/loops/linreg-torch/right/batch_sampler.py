from torch.utils.data import BatchSampler, DataLoader, RandomSampler


def train(model, loader, criterion, optimizer, epochs):
    ds = loader.dataset
    sampler = BatchSampler(RandomSampler(ds), batch_size=16, drop_last=False)
    dl = DataLoader(ds, batch_sampler=sampler)
    curve = []
    for _ in range(epochs):
        losses = []
        for x, y in dl:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        curve.append(sum(losses) / len(losses))
    return curve
