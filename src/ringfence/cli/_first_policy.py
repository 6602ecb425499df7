"""The policy that `ringfence init` writes: small, complete, and made to be read."""

FIRST_POLICY = """\
# What may cross which boundary, in which form. `ringfence policy lint` checks it, `ringfence policy show` resolves it.
version: 1

# A zone is a trust domain. Everything stands in exactly one.
zones:
  core:    {label: high sensitivity, at_rest: required, in_transit: tls}
  outside: {label: public, controlled: false}

# What stands where. Declaring an asset's fields (fields: {customer.email: user.contact.email}) makes every other one unknown, and
# unknown fields are denied; without any, content decides, as suits plain logs.
assets:
  app:      {zone: core, kind: service}
  log-saas: {zone: outside, kind: log}

# Keys never leave the zones that hold them. Files: .ringfence/keys, mode 0600; `ringfence key rotate k-logs` makes a new version.
keys:
  k-logs: {zones: [core]}

# The forms in which personal data may appear elsewhere.
forms:
  user-token: {transform: token, key: k-logs}       # the same address gives the same token: joinable, and reversible with the key
  last4:      {transform: mask, keep_last: 4}

gates:
  logs: {kind: log}                                 # ringfence pipe, ringfence run

flows:
  - id: app-logs
    from: app
    to: log-saas
    via: {gate: logs}
    mode: enforce                                   # or observe: everything passes, and the ledger says what would not have
    carry:
      user.contact.email: user-token
      user.financial.credit_card: last4
      user.authorization: deny                      # private keys, tokens of sessions: the window that holds one is refused
    else: redact                                    # found, but not named above

# What must never come to be, over any number of flows. Checked by `ringfence policy lint`.
assert:
  - never: {category: user.financial.credit_card, form: clear, zones: [outside]}
  - never: {category: user.contact.email, form: clear, zones: [outside]}
"""
