"""Pages: step through backpropagation, answer questions, replay a training."""
