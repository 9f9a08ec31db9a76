"""What clinicians write."""
