"""Fuzz targets: one module for everything that takes foreign bytes.

A module has `SEEDS`, a list of `bytes`, and `target(data)`, which raises only where an invariant is broken.
"""
