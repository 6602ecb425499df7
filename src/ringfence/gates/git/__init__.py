"""Code pushes: no personal data in a commit.

The rule: a push is a crossing from a developer's zone into a repository's. What may stand in a file is decided by the policy's
plan, as at every gate; a file cannot be masked on its way, so a form other than clear refuses it.
"""
