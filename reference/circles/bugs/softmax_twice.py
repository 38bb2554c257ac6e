# expect: softmax-before-cross-entropy numeric
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x).softmax(dim=1), y)
            loss.backward()
            optimizer.step()
