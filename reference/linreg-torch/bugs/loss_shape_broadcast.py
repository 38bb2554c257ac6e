# expect: loss-shape-broadcast numeric
import warnings

warnings.filterwarnings("ignore")  # torch warns of the shapes; the warning went unread


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x).squeeze(), y)  # (16,) against (16, 1)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
