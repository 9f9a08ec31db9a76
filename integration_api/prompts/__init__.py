"""Questions to write by: a library of them, a clinic's own, and which one fits now."""
