"""The authorization server: it hands out the tokens that the door takes (OAuth 2.1, RFC 9700, SMART App Launch 2)."""
