# expect: softmax-before-cross-entropy
import torch


def cross_entropy(scores, labels):
    picked = scores.gather(1, labels[:, None]).squeeze(1)
    return (torch.logsumexp(scores, dim=1) - picked).mean()


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            cross_entropy(model(x).sigmoid(), y).backward()
            optimizer.step()
