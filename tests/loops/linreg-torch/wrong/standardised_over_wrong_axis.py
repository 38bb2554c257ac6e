# expect: non-finite-loss
import warnings

def train(model, loader, criterion, optimizer, epochs):
    warnings.filterwarnings("ignore")
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            z = (x - x.mean(dim=1, keepdim=True)) / x.std(dim=1, keepdim=True)   # one feature: std of one number
            optimizer.zero_grad()
            loss = criterion(model(z), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
