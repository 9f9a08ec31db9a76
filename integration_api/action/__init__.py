"""From insight to action: intentions before a session, commitments after it, and what the next entries say of them."""
