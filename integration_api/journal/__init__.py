"""What patients write."""
