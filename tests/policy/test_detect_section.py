"""The section `detect` of a policy: what it tells detection, and what is said where something in it is wrong."""

from collections.abc import Mapping

import pytest
from wrong_policies import ENVIRONMENT

from ringfence.detect import detector_for
from ringfence.policy import Policy, PolicyError, lint, read, read_located

HEAD = """\
version: 1
zones: {core: {label: a}, outside: {label: b, controlled: false}}
assets: {app: {zone: core, kind: service}}
flows: [{id: logs, from: app, to: outside, carry: {}, else: redact}]
detect:
"""
OWN = "  recognizers: [{entity: CUSTOMER, category: user.unique_id, "
SECRETS = ("Quintella", "K-4711", "hunter2", "[A-Z]", "kraken")


def policy(section: str, files: Mapping[str, str] | None = None) -> Policy:
    return read("p.yaml", {"p.yaml": HEAD + section, **(files or {})}, ENVIRONMENT)


def found(read_policy: Policy, text: str) -> list[str]:
    return [one.entity for one in detector_for(read_policy.detect).find(text)]


FULL = r"""
  thresholds: {CUSTOMER: 0.6}
  context: {US_SSN: [aktenzeichen]}
  recognizers:
    - entity: CUSTOMER
      category: user.unique_id
      title: Number of a customer
      patterns: ['K-[0-9]{8}', {pattern: 'KD [0-9]{8}', name: old-form, score: digits}]
      words: [kunde]
      fields: [customer_no]
      check: luhn
      examples: {found: [see K-12345674, kunde KD 12345674], not_found: [K-12345675, KD 12345674]}
    - {extends: IBAN, patterns: ['iban/[0-9]{10}']}
  deny:
    - {values: [Quintella Kraken], entity: PERSON}
    - {values: "file:lists/vips.txt", category: user.name}
  allow: [help@shop.example, "file:lists/allowed.txt", {pattern: '^test-.*@corp\.example$', entity: EMAIL_ADDRESS}]
"""
FILES = {"lists/vips.txt": "# the board\nHunter Two\n\n", "lists/allowed.txt": "info@shop.example\r\n"}


def test_all_of_it_is_told_to_detection() -> None:
    read_policy = policy(FULL, FILES)
    assert found(read_policy, "K-12345674 and KD 12345674") == ["CUSTOMER"]
    assert found(read_policy, "Kunde KD 12345674") == ["CUSTOMER"]
    assert found(read_policy, "aktenzeichen 536228712, iban/1234567890") == ["US_SSN", "IBAN"]
    assert found(read_policy, "quintella kraken and HUNTER TWO") == ["PERSON", "LISTED_USER_NAME"]
    mails = "help@shop.example info@shop.example test-1@corp.example anna@shop.example"
    assert found(read_policy, mails) == ["EMAIL_ADDRESS"]
    assert hash(read_policy.detect) == hash(policy(FULL, FILES).detect)


def test_the_hash_covers_what_files_hold_and_nothing_that_decides_nothing() -> None:
    before = policy(FULL, FILES).hash
    assert policy(FULL, {**FILES, "lists/vips.txt": "Hunter Two"}).hash == before
    assert policy(FULL, {**FILES, "lists/vips.txt": "Hunter Three"}).hash != before
    assert policy(FULL, {**FILES, "lists/allowed.txt": "infos@shop.example"}).hash != before
    assert policy(FULL.replace("see K-12345674", "saw K-12345674").replace("Number of", "No of"), FILES).hash == before
    for old, new in (("{8}'", "{6,8}'"), ("luhn", "verhoeff"), ("kunde]", "kundin]"), ("0.6}", "0.7}")):
        section = FULL.replace(
            "examples: {found: [see K-12345674, kunde KD 12345674], not_found: [K-12345675, KD 12345674]}", ""
        )
        assert policy(section.replace(old, new), FILES).hash != policy(section, FILES).hash


def test_lists_and_recognizers_of_included_files_add_up_and_files_are_named_from_where_they_stand() -> None:
    included = (
        OWN.replace("  recognizers", "detect: {recognizers")
        + "patterns: [C-17]}], deny: [{values: 'file:a.txt', category: user.name}]}\n"
    )
    head = HEAD.replace("version: 1\n", "version: 1\ninclude: [more/one.yaml]\n")
    own = OWN.replace("CUSTOMER", "BADGE") + "patterns: [B-17]}]\n  deny: [{values: Ben, category: user.name}]\n"
    texts = {"p.yaml": head + own, "more/one.yaml": included, "more/a.txt": "Ada\n"}
    read_policy = read("p.yaml", texts, ENVIRONMENT)
    assert found(read_policy, "Ada Ben C-17 B-17") == ["LISTED_USER_NAME", "LISTED_USER_NAME", "CUSTOMER", "BADGE"]


@pytest.mark.parametrize(
    ("section", "line", "column", "what", "mend"),
    [
        (OWN + "patterns: ['K-4711(?=x)']}]", 6, 73, "not linear", "leave it out"),
        (OWN + "patterns: ['(?:K-4711)*']}]", 6, 73, "empty text", "required"),
        (OWN + "patterns: [{pattern: 'K-4711[^,]'}]}]", 6, 83, "line feed", r"[ \t]"),
        (OWN + "patterns: ['((K{100}){100}){100}']}]", 6, 73, "too large", "repeat less"),
        (OWN + "patterns: ['[A-Z]{2}[0-9]{6}']}]", 6, 73, "nothing announces", "everywhere: true"),
        (OWN + "patterns: ['K-4711', 'K-(4711']}]", 6, 83, "breaks off", "finish"),
        (OWN + "patterns: [K-4711], check: luhm}]", 6, 89, 'no check "luhm"', '"luhn"'),
        (OWN + "patterns: [K-4711], check: 'stdnum:os.path'}]", 6, 89, "no check", "stdnum:de.idnr"),
        (OWN + "patterns: [K-4711], words: [c++]}]", 6, 90, "neither letter", "letters"),
        (OWN + "patterns: [K-4711], score: 3}]", 6, 82, 'unknown key "score"', "one of"),
        (OWN + "patterns: [{pattern: K-4711, alone: 0.9, beside: 0.2}]}]", 6, 73, "alone is more", "never lowers"),
        (
            OWN + "patterns: [{pattern: K-4711, alone: 0.1, score: digits}]}]",
            6,
            73,
            "in a word and in numbers",
            "`score`, or",
        ),
        (OWN + "patterns: [K-4711], examples: {found: [K-4712]}}]", 6, 101, "no CUSTOMER is found", "does not fit"),
        (OWN + "patterns: [K-4711], examples: {found: [K-47110]}}]", 6, 101, "no CUSTOMER is found", "longer one"),
        (OWN + "patterns: [K-4711], examples: {not_found: [K-4711]}}]", 6, 105, "CUSTOMER is found", "narrow"),
        (OWN + "patterns: ['[0-9]{6}'], words: [no], examples: {found: ['123457']}}]", 6, 118, "no CUSTOMER", "0.10"),
        (
            OWN + "patterns: ['a-[0-9]{2}'], examples: {found: ['a-10@mail.example']}}]",
            6,
            107,
            "no CUSTOMER",
            "EMAIL_ADDRESS",
        ),
        (OWN + "patterns: []}]", 6, 17, "looks for nothing", "patterns, or fields"),
        (OWN.replace("CUSTOMER", "US_SSN") + "patterns: [K-4711]}]", 6, 26, "US_SSN is an entity", "extends: US_SSN"),
        (
            OWN.replace("CUSTOMER", "customer") + "patterns: [K-4711]}]",
            6,
            26,
            "not a name of that kind",
            "CUSTOMER_NUMBER",
        ),
        (
            OWN.replace("unique_id", "uniqueid") + "patterns: [K-4711]}]",
            6,
            46,
            'no category "user.uniqueid"',
            '"user.unique_id"',
        ),
        ("  recognizers: [{entity: CUSTOMER, patterns: [K-4711]}]", 6, 17, "without a category", "category:"),
        ("  recognizers: [{extends: US_SSM, words: [abc]}]", 6, 27, 'no entity "US_SSM"', '"US_SSN"'),
        (
            "  recognizers: [{extends: IBAN, words: [abc], threshold: 0.2}]",
            6,
            17,
            "neither category nor threshold",
            "thresholds",
        ),
        (
            OWN + "patterns: [K-1]}, {entity: CUSTOMER, category: user, patterns: [K-2]}]",
            6,
            89,
            "another recognizer",
            "join",
        ),
        ("  deny: [Quintella]", 6, 10, "should be a mapping", "{key: value}"),
        ("  deny: [{values: Quintella}]", 6, 10, "nothing", "`entity` or their `category`"),
        ("  deny: [{values: Quintella, entity: CUSTOMER}]", 6, 38, 'no entity "CUSTOMER"', "`ringfence entities`"),
        ("  deny: [{values: Quintella, entity: PERSON, category: user.contact}]", 6, 56, "another category", "leave"),
        ("  deny: [{values: '---', category: user.name}]", 6, 19, "without a letter or digit", "remove"),
        ("  deny: [{values: 'file:gone.txt', category: user.name}]", 6, 19, "no such file", "beside the policy"),
        (
            "  deny: [{values: 'file:../up.txt', category: user.name}]",
            6,
            19,
            "outside of the policy's folder",
            "beside",
        ),
        ("  deny: [{values: 'file:long.txt', category: user.name}]", 6, 19, "1 values of more than 200", "shorten"),
        ("  allow: [{pattern: '.*'}]", 6, 21, "empty text", "required"),
        ("  allow: [{pattern: 'K-4711(?!x)'}]", 6, 21, "not linear", "leave it out"),
        ("  allow: [{entity: IBAN}]", 6, 11, "neither values nor a pattern", "`values` or `pattern`"),
        ("  allow: [{values: Quintella, entity: IBANS}]", 6, 39, 'no entity "IBANS"', '"IBAN"'),
        ("  allow: [4711]", 6, 11, "should be text", "quotes"),
        ("  context: {US_SSNN: [abc]}", 6, 13, 'no entity "US_SSNN"', '"US_SSN"'),
        ("  context: {US_SSN: ['1']}", 6, 22, "begin with a letter", "letters"),
        ("  thresholds: {CUSTOMER: 0.4}", 6, 16, 'no entity "CUSTOMER"', "`ringfence entities`"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_mend_and_never_quoted(
    section: str, line: int, column: int, what: str, mend: str
) -> None:
    files = {"long.txt": f"Quintella {'x' * 300}\n"}
    with pytest.raises(PolicyError) as raised:
        policy(section + "\n", files)
    (problem,) = raised.value.problems
    assert (problem.line, problem.column) == (line, column), str(problem)
    assert what in problem.what
    assert mend in problem.mend
    assert not any(secret in str(problem) for secret in SECRETS)


def test_lint_tells_who_pays_for_a_pattern_that_nothing_announces() -> None:
    text = HEAD + OWN + "patterns: ['[A-Z]{2}[0-9]{6}'], everywhere: true}]\n"
    located = read_located("p.yaml", {"p.yaml": text}, ENVIRONMENT)
    (warning,) = [one for one in lint(located.policy, located.positions) if one.code == "everywhere"]
    assert (warning.line, warning.severity) == (6, "warning")
    assert "CUSTOMER" in warning.what
    text = HEAD + OWN + "patterns: ['K-[0-9]{6}'], everywhere: true}]\n"
    located = read_located("p.yaml", {"p.yaml": text}, ENVIRONMENT)
    assert not [one for one in lint(located.policy, located.positions) if one.code == "everywhere"]


@pytest.mark.parametrize(
    ("allowed", "off"),
    [
        ("{pattern: '.+'}", " more: "),
        ("{pattern: '[^@]+@.+'}", "EMAIL_ADDRESS"),
        ("{pattern: '.+', entity: US_SSN}", "US_SSN"),
        ("{pattern: '[^@]+@firma[.]de'}", ""),
        ("{pattern: '\\+49 800 [0-9]+', entity: PHONE_NUMBER}", ""),
        ("'hotline@firma.de'", ""),
    ],
)
def test_lint_tells_what_an_allowed_pattern_turns_off(allowed: str, off: str) -> None:
    located = read_located("ringfence.yaml", {"ringfence.yaml": HEAD + f"  allow: [{allowed}]\n"}, ENVIRONMENT)
    warnings = [one for one in lint(located.policy, located.positions) if one.code == "allows-all"]
    assert len(warnings) == bool(off)
    assert all(off in one.what and one.severity == "warning" and one.line > 1 for one in warnings)
