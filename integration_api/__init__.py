"""The API of the integration journal. Import from its rooms: this package itself imports nothing."""
