"""What an app can remind a patient of, by itself: when, and in words that tell a stranger nothing."""
