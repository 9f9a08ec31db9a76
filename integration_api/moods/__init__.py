"""How patients feel, between the words."""
