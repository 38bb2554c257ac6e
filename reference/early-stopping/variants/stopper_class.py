from copy import deepcopy

import torch


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.counter = patience, 0
        self.best = self.epoch = self.weights = None

    def __call__(self, loss, epoch, model):
        if self.best is None or loss < self.best:
            self.best, self.epoch, self.counter = loss, epoch, 0
            self.weights = deepcopy(model.state_dict())
        else:
            self.counter += 1
        return self.counter == self.patience


def fit(model, train_loader, val_loader, criterion, optimizer, max_epochs, patience):
    stopper = EarlyStopping(patience)
    for epoch in range(max_epochs):
        model.train()
        for x, y in train_loader:
            criterion(model(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()
        model.eval()
        with torch.inference_mode():
            loss = torch.stack([criterion(model(x), y) for x, y in val_loader]).mean().item()
        if stopper(loss, epoch, model):
            print(f"stopped after epoch {epoch}")
            break
    else:
        print("patience never ran out")
    model.load_state_dict(stopper.weights)
    return stopper.epoch
