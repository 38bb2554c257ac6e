# expect: diverging-loss
import torch


def train(model, loader, criterion, optimizer, epochs):
    climber = torch.optim.Adam(model.parameters(), lr=0.02, maximize=True)
    for _ in range(epochs):
        for x, y in loader:
            climber.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            climber.step()
