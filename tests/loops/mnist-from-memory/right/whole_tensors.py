import torch, torchvision

ds = torchvision.datasets.MNIST('mnist-data', train=True, download=True)
X = ds.data.reshape(-1, 784).float() / 255
Y = ds.targets
model = torch.nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    perm = torch.randperm(len(X))
    total = 0.
    for i in range(0, len(X), 64):
        idx = perm[i:i+64]
        loss = torch.nn.functional.cross_entropy(model(X[idx]), Y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.detach() * len(idx)
    print(epoch, (total / len(X)).item())
test = torchvision.datasets.MNIST('mnist-data', train=False, download=True)
with torch.inference_mode():
    print('acc', (model(test.data.reshape(-1, 784).float() / 255).argmax(1) == test.targets).float().mean().item())
