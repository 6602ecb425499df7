"""Protocols without I/O: bytes in, messages out, and what may come when. One folder for each protocol."""
