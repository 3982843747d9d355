"""Files replaced whole or not at all, and the bytes that go into them."""
