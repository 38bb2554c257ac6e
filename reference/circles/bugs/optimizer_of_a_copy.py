# expect: optimizer-foreign-parameters
import copy

import torch


def train(model, loader, criterion, optimizer, epochs):
    optimizer = torch.optim.SGD(copy.deepcopy(model).parameters(), lr=0.1, momentum=0.9)
    for _ in range(epochs):
        for x, y in loader:
            model.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
