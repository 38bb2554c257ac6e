from torch.nn.utils import parameters_to_vector

def train(model, loader, criterion, optimizer, epochs):
    losses = []
    travelled = 0.0
    before = parameters_to_vector(model.parameters()).detach().clone()
    for epoch in range(epochs):
        tot = 0.0
        for X, Y in loader:
            Yhat = model(X)
            J = criterion(Yhat, Y)
            optimizer.zero_grad()
            J.backward()
            optimizer.step()
            after = parameters_to_vector(model.parameters()).detach().clone()
            travelled += (after - before).norm().item()
            before = after
            tot += J.item()
        losses.append(tot / len(loader))
    print(f"travelled {travelled:.3f}")
    return losses
