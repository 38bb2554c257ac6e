# expect: missing-step
import warnings
from torch.optim.lr_scheduler import ConstantLR

def train(model, loader, criterion, optimizer, epochs):
    warnings.simplefilter("ignore")
    scheduler = ConstantLR(optimizer, factor=1.0)
    averages = []
    for epoch in range(epochs):
        run = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            scheduler.step()
            run += loss.item()
        averages.append(run / len(loader))
    return averages
