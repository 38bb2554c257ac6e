# expect: not-shuffled
import torch

def train(model, loader, criterion, optimizer, epochs):
    X, Y = loader.dataset.tensors
    averages = []
    for _ in range(epochs):
        ls = []
        for x, y in zip(torch.split(X, 16), torch.split(Y, 16)):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            ls.append(loss.item())
        averages.append(sum(ls) / len(ls))
    return averages
