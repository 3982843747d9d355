"""What torch.save wrote before 1.6: pickle streams and tar archives."""
