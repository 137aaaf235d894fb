"""The spraying dispatcher: an immutable problem in, a checked plan out; no web, no database."""
