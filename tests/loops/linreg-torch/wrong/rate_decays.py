# expect: wrong-hyperparameter
from torch.optim.lr_scheduler import StepLR

def train(model, loader, criterion, optimizer, epochs):
    sched = StepLR(optimizer, step_size=5, gamma=0.5)
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        sched.step()
        averages.append(s / len(loader))
    return averages
