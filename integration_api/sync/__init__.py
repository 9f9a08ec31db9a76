"""One round trip for a phone: what it wrote while it was offline in, what changed elsewhere out."""
