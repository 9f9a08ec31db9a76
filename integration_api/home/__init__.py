"""What a phone shows first."""
