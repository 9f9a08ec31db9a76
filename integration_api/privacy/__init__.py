"""What protects a person's words: keys, consents, break-glass, the audit trail, export and erasure."""
