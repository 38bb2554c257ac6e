"""Returns a copy of the model from its best epoch; the given one trains on."""

import copy

import torch


def accuracy(model, loader, device):
    model.eval()
    with torch.no_grad():
        right = sum((model(x.to(device)).argmax(dim=1) == y.to(device)).sum() for x, y in loader)
    model.train()
    return right / len(loader.dataset)


def train(model, train_loader, val_loader, epochs, lr, device):
    model = model.to(device).train()
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    steps = epochs * len(train_loader)
    scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=steps)
    best, highest = model, -1.0
    for _ in range(epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x.to(device)), y.to(device)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
            optimizer.step()
            scheduler.step()
        score = accuracy(model, val_loader, device)
        if score > highest:
            best, highest = copy.deepcopy(model), score
    return best
