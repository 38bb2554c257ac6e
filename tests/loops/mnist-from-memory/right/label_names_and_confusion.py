import torch
import torchvision
import torchvision.transforms as T
from torch import nn

tf = T.Compose([T.ToTensor(), T.Normalize(0.5, 0.5)])
trainset = torchvision.datasets.MNIST(root='./data', train=True, download=True, transform=tf)
trainloader = torch.utils.data.DataLoader(trainset, batch_size=64, shuffle=True)
testset = torchvision.datasets.MNIST(root='./data', train=False, download=True, transform=tf)
testloader = torch.utils.data.DataLoader(testset, batch_size=64, shuffle=False)
classes = tuple(str(i) for i in range(10))

# look at some images first
images, labels = next(iter(trainloader))
print(' '.join(classes[l] for l in labels[:8]), images.shape)

net = nn.Linear(28 * 28, 10)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    running_loss = 0.0
    for i, data in enumerate(trainloader):
        inputs, labels = data
        optimizer.zero_grad()
        outputs = net(inputs.view(inputs.shape[0], -1))
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    print('[%d] loss: %.3f' % (epoch + 1, running_loss / len(trainloader)))

confusion = torch.zeros(10, 10, dtype=torch.int64)
with torch.no_grad():
    for inputs, labels in testloader:
        guess = net(inputs.view(inputs.shape[0], -1)).max(1).indices
        for t, p in zip(labels, guess):
            confusion[t, p] += 1
print(confusion.diag().sum().item() / confusion.sum().item())
