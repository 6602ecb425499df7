"""The probe of an HTTP gate: requests and answers made to get a value past it, as data, and what came out at the other end.

The rule: both ends are played. No service that the policy names is asked anything, and nothing is written anywhere: the gate
that is attacked is made anew, of the policy, the configuration of Envoy and the code that serve clients, before a service of
the probe's own.
"""
