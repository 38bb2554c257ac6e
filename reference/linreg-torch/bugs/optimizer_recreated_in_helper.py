# expect: optimizer-recreated
import torch


def one_step(model, criterion, x, y, rate):
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    adam.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    adam.step()
    return loss.item()


def train(model, loader, criterion, optimizer, epochs):
    rate = optimizer.param_groups[0]["lr"]
    averages = []
    for _ in range(epochs):
        losses = [one_step(model, criterion, x, y, rate) for x, y in loader]
        averages.append(sum(losses) / len(losses))
    return averages
