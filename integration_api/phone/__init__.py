"""A phone's side of the sync: pure Python, knowing nothing of the server but its wire format."""
