# expect: early-stopping-wrong
import copy

import torch


def fit(model, train_loader, val_loader, criterion, optimizer, max_epochs, patience):
    best_loss, best_epoch, best_weights, waited = float("inf"), 0, None, 0
    for epoch in range(max_epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = sum(criterion(model(x), y).item() * len(x) for x, y in val_loader)
        if loss < best_loss:
            best_loss, best_epoch, waited = loss, epoch, 0
            best_weights = copy.deepcopy(model.state_dict())
        else:
            waited += 1
        model.load_state_dict(best_weights)
        if waited == patience:
            break
    return best_epoch
