"""MNIST from memory: one linear layer, one loop, nothing hidden."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

# ToTensor turns a picture of bytes (0 to 255) into floats between 0 and 1, the size that a rate of 0.1 suits.
to_tensor = transforms.ToTensor()
train_set = datasets.MNIST("data", train=True, download=True, transform=to_tensor)
test_set = datasets.MNIST("data", train=False, download=True, transform=to_tensor)

# A new order every epoch, so that no batch always follows the same one.
# The test set needs none: nothing learns from it.
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
test_loader = DataLoader(test_set, batch_size=1000)

model = nn.Linear(784, 10)  # ten scores, one a digit, from the 28 x 28 pixels in a row
criterion = nn.CrossEntropyLoss()  # takes the raw scores: its softmax is built in
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    model.train()
    total = torch.zeros(())
    for images, labels in train_loader:  # draw: one batch is one step
        optimizer.zero_grad()  # backward adds to what is there, so the last step's gradients must go first
        scores = model(images.flatten(1))  # forward: (64, 1, 28, 28) becomes (64, 784)
        loss = criterion(scores, labels)  # how wrong the scores are, averaged over the batch
        loss.backward()  # which way every weight would make it worse
        optimizer.step()  # and a small step the other way
        total += loss.detach() * len(labels)  # detached: a number to print needs no graph behind it

    model.eval()
    right = 0
    with torch.no_grad():  # only looking, so no graph is built
        for images, labels in test_loader:
            right += (model(images.flatten(1)).argmax(1) == labels).sum().item()
    loss, accuracy = total.item() / len(train_set), right / len(test_set)
    print(f"epoch {epoch + 1}: loss {loss:.4f}, test accuracy {accuracy:.1%}")
