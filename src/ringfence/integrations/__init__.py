"""Ringfence in other programs: one module for each.

The rule: what another program brings is imported when its module is used, and an error names the command that installs it. No
verdict is made here.
"""
