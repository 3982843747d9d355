"""What a checkpoint of a training is made of: model, optimizer, the order of parameters."""
