"""What a care team must see soon: flags, whom they go to, and what becomes of them."""
