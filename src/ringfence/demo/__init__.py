"""The demo: a real service, a log store outside the boundary, and scenes that show what crossed between the two.

The rule: the demo drives ringfence by its commands, as a user would, and judges by what arrived on the far side. Every scene says
whether its step held, so that the demo can fail.
"""
