"""The HTTP gate: bodies of requests and responses taken across a boundary, on Envoy.

The rule: Envoy speaks HTTP, ringfence decides. What stands between them is `exchange` (one request and its response, of which
neither Envoy nor a socket is part) and, above it, what Envoy's external processor protocol asks for: `conversation`, whose replies
are a state machine (`replies`), and `processor`, the rim on a private socket. `bootstrap` writes Envoy's configuration.
"""
