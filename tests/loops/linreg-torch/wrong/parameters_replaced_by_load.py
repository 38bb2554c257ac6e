# expect: optimizer-foreign-parameters
def train(model, loader, criterion, optimizer, epochs):
    # clean start from own copies of the weights
    state = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(state, assign=True)
    for p in model.parameters():
        p.requires_grad_(True)
    averages = []
    for epoch in range(epochs):
        run = 0.0
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            run += loss.item()
        averages.append(run / len(loader))
    return averages
