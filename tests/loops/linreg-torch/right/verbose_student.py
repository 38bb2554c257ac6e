import torch
import torch.nn as nn
import torch.optim as optim

# Homework 3 - linear regression
def train(model, loader, criterion, optimizer, epochs):
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    model = model.to(device)
    loss_list = []
    print("Starting training...")
    for epoch in range(epochs):
        model.train()
        running_loss = 0.0
        for i, data in enumerate(loader, 0):
            # get the inputs
            inputs, labels = data
            inputs, labels = inputs.to(device), labels.to(device)
            # zero the parameter gradients
            optimizer.zero_grad()
            # forward + backward + optimize
            outputs = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            # print statistics
            running_loss += loss.item()
            if i % 4 == 3:
                print(f'[{epoch + 1}, {i + 1:5d}] loss: {running_loss / (i + 1):.3f}')
        epoch_loss = running_loss / len(loader)
        loss_list.append(epoch_loss)
        print('Epoch: {}/{}, Loss: {:.4f}'.format(epoch + 1, epochs, epoch_loss))
    print('Finished Training')
    return loss_list
