"""Wrong policies, each one change away from a right one, with the place, the words and the mend that must be said.

Where a change carries a value that nobody should read again (`SECRETS`), no error may show it.
"""

from dataclasses import dataclass

RIGHT = """\
version: 1
zones:
  core:      {label: high sensitivity, residency: [EU], retention: 7y}
  staff:     {label: internal processing}
  outside:   {label: public, controlled: false}
assets:
  shop-db:   {zone: core, kind: postgres, at: "${SHOP_DSN}",
              fields: {customer.email: user.contact.email, product: none}}
  log-saas:  {zone: outside, kind: http, at: "https://logs.shop.test"}
keys:     {k-contact: {zones: [core]}}
forms:
  last4: {transform: mask, keep_last: 4}
  contact-token: {transform: token, key: k-contact, joinable: [staff]}
roles:    {support: {group: support}, privacy: {group: privacy, reverse: [k-contact], needs: [reason]}}
purposes: {customer-support: {basis: contract}}
principals: {users: {scram: "file:users.scram", zone: staff}}
gates:
  pg: {kind: postgres, listen: "127.0.0.1:6432", upstream: shop-db, logins: {support: shop_support}}
  logs: {kind: log}
flows:
  - id: staff-reads
    from: shop-db
    to: staff
    via: {gate: pg}
    purposes: [customer-support]
    mode: enforce
    carry:
      user.name: clear
      user.contact.email: [{role: privacy, form: clear}, {form: mask}]
      user.financial.credit_card: last4
    else: redact
    unknown: deny
  - {id: logs, from: core, to: log-saas, via: {gate: logs, match: {stream: stdout}}, else: redact}
detect: {thresholds: {US_SSN: 0.6}, recognizers: [], allow: []}
assert:
  - never: {category: user.financial.credit_card, form: clear, zones: [staff, outside]}
"""
ENVIRONMENT = {"SHOP_DSN": "postgresql://shop:hunter2@db/shop"}
SECRETS = ("hunter2", "maria.quint", "212-55-0143", "4929 1234", "030 23125")


@dataclass(frozen=True)
class Wrong:
    """A change to the right policy, and what must be said of it."""

    name: str
    old: str
    new: str
    line: int
    column: int
    what: str
    mend: str


WRONG = [
    Wrong("no-version", "version: 1\n", "", 1, 1, 'the key "version" is missing', "version: 1"),
    Wrong("version-2", "version: 1", "version: 2", 1, 10, "a version", "version: 1"),
    Wrong("version-text", "version: 1", 'version: "1"', 1, 10, "a version", "version: 1"),
    Wrong(
        "section-misspelt",
        "purposes: {customer-support",
        "purpose: {customer-support",
        15,
        1,
        'unknown key "purpose"',
        '"purposes"',
    ),
    Wrong("flow-key-misspelt", "    carry:", "    carrry:", 27, 5, 'unknown key "carrry"', 'did you mean "carry"?'),
    Wrong("zone-key-misspelt", "retention: 7y", "retntion: 7y", 3, 57, 'unknown key "retntion"', '"retention"'),
    Wrong(
        "form-key-of-another-kind",
        "key: k-contact, joinable",
        "key: k-contact, keep_last: 4, joinable",
        13,
        53,
        "unknown key",
        "one of",
    ),
    Wrong("form-key-misspelt", "keep_last: 4", "keep_lst: 4", 12, 28, 'unknown key "keep_lst"', '"keep_last"'),
    Wrong("transform-misspelt", "transform: mask", "transform: msk", 12, 10, 'no transform "msk"', '"mask"'),
    Wrong(
        "transform-of-yaml-null",
        "transform: mask, keep_last: 4",
        "transform: null",
        12,
        22,
        "no value",
        '"null" in quotes',
    ),
    Wrong("transform-missing", "transform: mask, ", "", 12, 10, 'the key "transform" is missing', "one of"),
    Wrong(
        "token-without-key", "key: k-contact, joinable", "joinable", 13, 18, 'the key "key" is missing', "add `key:`"
    ),
    Wrong("form-name-built-in", "  last4: {", "  mask: {", 12, 3, 'the form "mask" is built in', "another name"),
    Wrong(
        "bucket-without-width",
        "transform: mask, keep_last: 4",
        "transform: bucket",
        12,
        10,
        "`width` or `unit`",
        "dates a unit",
    ),
    Wrong(
        "bucket-of-one", "transform: mask, keep_last: 4", "transform: bucket, width: 1", 12, 10, "width 1", "2 or more"
    ),
    Wrong("keep-negative", "keep_last: 4", "keep_last: -4", 12, 39, "out of range", "at least 0"),
    Wrong("keep-as-text", "keep_last: 4", 'keep_last: "4"', 12, 39, "should be a whole number", "without quotes"),
    Wrong("keep-as-boolean", "keep_last: 4", "keep_last: true", 12, 39, "should be a whole number", "without quotes"),
    Wrong(
        "hash-too-short",
        "transform: mask, keep_last: 4",
        "transform: hash, key: k-contact, length: 8",
        12,
        52,
        "out of range",
        "at least 16",
    ),
    Wrong("category-misspelt", "user.name: clear", "user.nmae: clear", 28, 7, 'no category "user.nmae"', '"user.name"'),
    Wrong(
        "category-by-its-end",
        "{customer.email: user.contact.email",
        "{customer.email: email",
        8,
        40,
        'no category "email"',
        '"user.contact.email"',
    ),
    Wrong("category-unheard-of", "user.name: clear", "weather: clear", 28, 7, "no category", "`ringfence categories`"),
    Wrong("form-unknown", "credit_card: last4", "credit_card: last5", 30, 35, 'no form "last5"', '"last4"'),
    Wrong("scan-as-a-form", "else: redact\n    unknown", "else: scan\n    unknown", 31, 11, 'no form "scan"', "one of"),
    Wrong(
        "else-of-yaml-null",
        "else: redact\n    unknown",
        "else: null\n    unknown",
        31,
        11,
        "no value",
        '"null" in quotes',
    ),
    Wrong("unknown-of-yaml-null", "unknown: deny", "unknown: ~", 32, 14, "no value", '"null" in quotes'),
    Wrong("carry-empty-list", "credit_card: last4", "credit_card: []", 30, 35, "is empty", "at least one"),
    Wrong(
        "carry-a-mapping",
        "credit_card: last4",
        "credit_card: {form: last4}",
        30,
        35,
        "neither a form nor a list",
        "CATEGORY: FORM",
    ),
    Wrong("line-without-form", "{form: mask}", "{role: support}", 29, 58, 'the key "form" is missing', "add `form:`"),
    Wrong("role-unknown", "{role: privacy,", "{role: privcy,", 29, 35, 'no role "privcy"', '"privacy"'),
    Wrong("end-unknown", "    to: staff", "    to: stafff", 23, 9, 'no zone or asset "stafff"', '"staff"'),
    Wrong("zone-of-asset-unknown", "zone: core, kind", "zone: cor, kind", 7, 21, 'no zone "cor"', '"core"'),
    Wrong("kind-misspelt", "kind: http", "kind: htpp", 9, 36, '"htpp" is not a value of "kind"', '"http"'),
    Wrong("gate-unknown", "via: {gate: pg}", "via: {gate: pgg}", 24, 17, 'no gate "pgg"', '"pg"'),
    Wrong("match-of-another-gate", "{stream: stdout}", "{topic: orders}", 33, 68, "has no topic to match", "stream"),
    Wrong("match-misspelt", "{stream: stdout}", "{strem: stdout}", 33, 68, 'unknown key "strem"', '"stream"'),
    Wrong(
        "purpose-unknown",
        "purposes: [customer-support]",
        "purposes: [custmer-support]",
        25,
        16,
        "no purpose",
        '"customer-support"',
    ),
    Wrong("mode-misspelt", "mode: enforce", "mode: enforc", 26, 11, '"enforc" is not a value of "mode"', '"enforce"'),
    Wrong("flow-twice", "{id: logs,", "{id: staff-reads,", 33, 10, "another flow has the id", "id of its own"),
    Wrong(
        "asset-named-as-zone",
        "  log-saas:  {zone",
        "  staff:  {zone",
        9,
        3,
        'a zone has the name "staff" too',
        "rename",
    ),
    Wrong(
        "key-unknown", "key: k-contact, joinable", "key: k-contct, joinable", 13, 42, 'no key "k-contct"', '"k-contact"'
    ),
    Wrong("joinable-unknown", "joinable: [staff]", "joinable: [stuff]", 13, 64, 'no zone "stuff"', '"staff"'),
    Wrong("country-lower-case", "[EU]", "[eu]", 3, 52, 'no country "eu"', '"EU"'),
    Wrong("retention-without-unit", "retention: 7y", "retention: 7", 3, 68, "should be text", "in quotes"),
    Wrong("retention-of-no-unit", "retention: 7y", "retention: 7years", 3, 68, "a retention", "7y"),
    Wrong("label-a-number", "label: internal processing", "label: 7", 4, 22, "should be text", "in quotes"),
    Wrong("boolean-as-text", "controlled: false", 'controlled: "no"', 5, 42, "true or false", "without quotes"),
    Wrong("basis-misspelt", "basis: contract", "basis: contrat", 15, 38, '"contrat" is not a value', '"contract"'),
    Wrong("two-identity-sources", "scram:", "local: true, scram:", 16, 21, "exactly one source", "scram, jwks"),
    Wrong("entity-unknown", "US_SSN: 0.6", "US_SNN: 0.6", 34, 23, 'no entity "US_SNN"', '"US_SSN"'),
    Wrong("threshold-too-high", "US_SSN: 0.6", "US_SSN: 60", 34, 31, "out of range", "at most 1"),
    Wrong("recognizers", "recognizers: []", "recognizers: [x]", 34, 51, "should be a mapping", "{key: value}"),
    Wrong("never-misspelt", "- never:", "- nevr:", 36, 5, 'unknown key "nevr"', '"never"'),
    Wrong("never-denies", "form: clear, zones", "form: deny, zones", 36, 57, 'no form "deny"', "one of"),
    Wrong("variable-not-set", "SHOP_DSN", "SHOP_DNS", 7, 47, 'the variable "SHOP_DNS" is not set', "${SHOP_DNS:-...}"),
    Wrong("variable-not-closed", "${SHOP_DSN}", "${SHOP_DSN", 7, 47, "not closed", "${NAME}"),
    Wrong(
        "variable-in-a-label",
        "label: public",
        "label: '${SHOP_DSN}'",
        5,
        22,
        "a variable where none is replaced",
        "at, listen",
    ),
    Wrong(
        "index-without-subject",
        "    unknown: deny",
        "    unknown: deny\n    index: k-contact",
        33,
        12,
        "names its subject",
        "`subject:`",
    ),
    Wrong(
        "key-twice",
        "    mode: enforce",
        "    mode: enforce\n    mode: observe",
        27,
        5,
        'the key "mode" stands twice',
        "line 26",
    ),
    Wrong("tab", "    to: staff", "\tto: staff", 23, 1, "a tab", "spaces"),
    Wrong("bracket-open", "[staff, outside]}", "[staff, outside", 37, 1, "closing bracket", "close"),
    Wrong("quote-open", "stream: stdout", 'stream: "stdout', 37, 1, "a quote that is never closed", "close it"),
    Wrong("indented-oddly", "    via: {gate: pg}", "   via: {gate: pg}", 24, 4, "indented like none", "alike"),
    Wrong("tagged", "label: public", "label: !!str public", 5, 22, "a YAML tag", "plain value"),
    Wrong("two-documents", "flows:\n", "---\nflows:\n", 20, 1, "a second document", "`---`"),
    Wrong("alias-of-nothing", "label: public", "label: *x", 5, 22, "an alias of nothing", "the value itself"),
    Wrong(
        "include-missing",
        "version: 1\n",
        "version: 1\ninclude: [map.yaml]\n",
        2,
        11,
        "no such file",
        "beside the policy",
    ),
    Wrong("include-outside", "version: 1\n", "version: 1\ninclude: [../map.yaml]\n", 2, 11, "outside", "below it"),
    Wrong(
        "include-itself",
        "version: 1\n",
        "version: 1\ninclude: [ringfence.yaml]\n",
        2,
        11,
        "back to the file itself",
        "circle",
    ),
    Wrong(
        "an-address-as-zone",
        "zone: core, kind",
        "zone: maria.quint@shop.test, kind",
        7,
        21,
        "is not a name",
        "begins with a letter",
    ),
    Wrong(
        "a-number-as-category",
        "user.name: clear",
        "212-55-0143: clear",
        28,
        7,
        "there is no category",
        "`ringfence categories`",
    ),
    Wrong("a-number-as-key", "    mode: enforce", "    212-55-0143: x", 26, 5, "unknown key", "one of"),
    Wrong(
        "a-card-as-form", "credit_card: last4", "credit_card: 4929 1234 5678 9015", 30, 35, "there is no form", "one of"
    ),
    Wrong("a-phone-as-role", "{role: privacy,", "{role: 030 23125 117,", 29, 35, "not a name", "a name begins"),
    Wrong(
        "a-person-as-mode", "mode: enforce", "mode: maria.quint@shop.test", 26, 11, "a value that is not one", "one of"
    ),
    *(
        Wrong(name, "detect: {th", f"{text}\ndetect: {{th", line, column, what, mend)
        for name, text, line, column, what, mend in (
            (
                "probe-with-a-password",
                'probe: {reference: "postgresql://reader:hunter2@db.shop.test/shop"}',
                34,
                20,
                "neither env:NAME nor file:PATH",
                "env:PROBE",
            ),
            ("probe-of-no-role", 'probe: {users: {nobody: "env:PROBE"}}', 34, 17, "there is no role", ""),
            ("probe-of-no-gate", "probe: {gate: nowhere}", 34, 15, "there is no gate", ""),
            ("probe-too-often", 'probe: {every: "soon"}', 34, 16, "", ""),
            (
                "receiver-of-two-ways",
                'receivers: {ops: {stdout: true, syslog: "unix:/dev/log"}}',
                34,
                18,
                "exactly one way",
                "give one of webhook",
            ),
            ("receiver-of-no-way", "receivers: {ops: {}}", 34, 18, "exactly one way", "give one of webhook"),
            (
                "receiver-misspelt",
                'receivers: {ops: {webhok: "https://ops.shop.test"}}',
                34,
                19,
                'unknown key "webhok"',
                '"webhook"',
            ),
            (
                "webhook-without-secret",
                'receivers: {ops: {webhook: "https://ops.shop.test/hook"}}',
                34,
                18,
                "a webhook without a secret",
                "secret:",
            ),
            (
                "webhook-in-the-open",
                'receivers: {ops: {webhook: "http://ops.shop.test/hunter2", secret: "env:OPS"}}',
                34,
                28,
                "not https",
                "https",
            ),
            (
                "webhook-of-no-host",
                'receivers: {ops: {webhook: "https://[hunter2", secret: "env:OPS"}}',
                34,
                28,
                "not https",
                "https",
            ),
            (
                "webhook-of-no-port",
                'receivers: {ops: {webhook: "https://ops.shop.test:99999/", secret: "env:OPS"}}',
                34,
                28,
                "not https",
                "https",
            ),
            (
                "secret-in-the-policy",
                'receivers: {ops: {webhook: "https://ops.shop.test/hook", secret: hunter2}}',
                34,
                66,
                "neither env:NAME nor file:PATH",
                "where it is, not what it is",
            ),
            (
                "apprise-in-the-policy",
                'receivers: {mail: {apprise: "mailtos://maria.quint:hunter2@shop.test"}}',
                34,
                29,
                "neither env:NAME nor file:PATH",
                "where it is, not what it is",
            ),
            (
                "syslog-of-no-port",
                'receivers: {sys: {syslog: "udp:logs.shop.test"}}',
                34,
                27,
                "not the address of a syslog",
                "unix:/dev/log",
            ),
            (
                "alert-to-nobody",
                "alert: {on: [refused], to: [ops]}",
                34,
                29,
                'no receiver "ops"',
                "declares no receiver",
            ),
            (
                "alert-misspelt",
                "alert: {on: [refsed], to: [out]}\nreceivers: {out: {stdout: true}}",
                34,
                14,
                '"refsed" is not a value of "on"',
                '"refused"',
            ),
            (
                "alert-of-no-flow",
                "alert: [{on: [refused], to: [out], flows: [staff-read]}]\nreceivers: {out: {stdout: true}}",
                34,
                44,
                'no flow "staff-read"',
                '"staff-reads"',
            ),
            (
                "alert-of-no-category",
                "alert: {on: [volume], to: [out], categories: [email]}\nreceivers: {out: {stdout: true}}",
                34,
                47,
                'no category "email"',
                '"user.contact.email"',
            ),
            (
                "alert-of-no-time",
                "alert: {on: [volume], to: [out], within: soon}\nreceivers: {out: {stdout: true}}",
                34,
                42,
                'the value of "within" is not a time',
                "5m",
            ),
            (
                "alert-of-no-rate",
                "alert: {on: [volume], to: [out], most: 60}\nreceivers: {out: {stdout: true}}",
                34,
                40,
                "should be text",
                "quotes",
            ),
            (
                "alert-of-another-rate",
                "alert: {on: [volume], to: [out], most: 60 an hour}\nreceivers: {out: {stdout: true}}",
                34,
                40,
                "not a rate",
                "60 per 1h",
            ),
            (
                "alert-on-nothing",
                "alert: {on: [], to: [out]}\nreceivers: {out: {stdout: true}}",
                34,
                13,
                "is empty",
                "name",
            ),
        )
    ),
]
