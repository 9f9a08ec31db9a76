"""Pages and probes beside the API: its reference, and whether it is well."""
