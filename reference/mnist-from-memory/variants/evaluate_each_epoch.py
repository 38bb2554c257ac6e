"""Right: functions for an epoch and for the evaluation, called from main(); no global holds the model."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


def train_epoch(model, loader, criterion, optimizer, device):
    model.train()
    total_loss, seen = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * labels.size(0)
        seen += labels.size(0)
    return total_loss / seen


@torch.no_grad()
def evaluate(model, loader, criterion, device):
    model.eval()
    total_loss, correct, seen = 0.0, 0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        logits = model(images)
        total_loss += criterion(logits, labels).item() * labels.size(0)
        correct += (logits.argmax(dim=1) == labels).sum().item()
        seen += labels.size(0)
    return total_loss / seen, correct / seen


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(28 * 28, 10)

    def forward(self, x):
        return self.fc(torch.flatten(x, 1))


def main():
    device = torch.device("cpu")
    transform = transforms.ToTensor()
    train_loader = DataLoader(
        datasets.MNIST("data", train=True, download=True, transform=transform), batch_size=64, shuffle=True
    )
    test_loader = DataLoader(datasets.MNIST("data", train=False, transform=transform), batch_size=256)
    network = Classifier().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    for epoch in range(5):
        train_loss = train_epoch(network, train_loader, criterion, optimizer, device)
        test_loss, accuracy = evaluate(network, test_loader, criterion, device)
        print(f"{epoch + 1}/5 train {train_loss:.4f} test {test_loss:.4f} accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
