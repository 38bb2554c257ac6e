from torch.utils.data import DataLoader

def train(model, loader, criterion, optimizer, epochs):
    loader = DataLoader(loader.dataset, batch_size=loader.batch_size, shuffle=True,
                        num_workers=2, persistent_workers=True)
    averages = []
    for epoch in range(epochs):
        running = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item()
        averages.append(running / len(loader))
    return averages
