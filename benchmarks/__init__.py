"""Benchmarks: each module measures one thing, with its floor or a peer beside it in the same run."""
