"""Presidio: its recognizers read into ringfence's, and, in an environment of its own, ringfence as a recognizer of the real one."""

import doctest
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from ringfence.detect import detector_for
from ringfence.extras import install_line
from ringfence.integrations import presidio
from ringfence.integrations.presidio import presidio_name, read_recognizers, ringfence_name
from ringfence.policy import PolicyError
from ringfence.taxonomy import ENTITIES

ROOT = Path(__file__).resolve().parents[2]

REGISTRY = r"""
supported_languages: [en]
global_regex_flags: 26
recognizers:
  - name: "Zip code Recognizer"
    supported_languages:
      - {language: en, context: [zip, code]}
      - {language: es, context: [código]}
    patterns: [{name: "zip code (weak)", regex: "(\\b\\d{5}(?:\\-\\d{4})?\\b)", score: 0.01}]
    supported_entity: "ZIP"
  - {name: TitleRecognizer, supported_language: en, supported_entity: TITLE, deny_list: [Mr., Mrs., Dr. h.c.], deny_list_score: 1}
  - {name: CreditCardRecognizer, type: predefined}
  - EmailRecognizer
  - {name: off, enabled: false, supported_entity: OFF, patterns: [{name: x, regex: "x", score: 1}]}
  - {name: iban, supported_entity: IBAN_CODE, patterns: [{name: Short, regex: '(?<!\w)ib[0-9]{6}(?!\w)', score: 0.6}]}
"""


def found(text: str, told: str, **more: object) -> list[tuple[str, str, float]]:
    detector = detector_for(read_recognizers(told, **more))  # type: ignore[arg-type]
    return [(one.entity, text[one.start : one.end], one.score) for one in detector.find(text)]


def test_the_docstrings_example_runs() -> None:
    result = doctest.testmod(presidio)
    assert result.attempted > 3
    assert not result.failed


def test_a_registrys_file_is_read_with_scores_context_lists_and_names() -> None:
    assert found("zip 12345-6789", REGISTRY) == [("ZIP", "12345-6789", 0.4)]
    assert found("nr 12345", REGISTRY) == [("ZIP", "12345", 0.01)]
    assert found("código 12345", REGISTRY, language="en") == [("ZIP", "12345", 0.01)]
    assert found("Dear MR. Smith and dr. h.c. Doe", REGISTRY) == [("TITLE", "MR.", 1.0), ("TITLE", "dr. h.c.", 1.0)]
    assert found("IB123456 xib123456 ib1234567", REGISTRY) == [("IBAN", "IB123456", 0.6)]
    told = read_recognizers(REGISTRY, categories={"ZIP": "user.contact.address.postal_code"})
    assert {one.entity: one.category for one in told.recognizers} == {
        "ZIP": "user.contact.address.postal_code",
        "IBAN": "",
    }


PATTERN = r'{"name": "b", "regex": "b-\\d{4}", "score": 0.5}'


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "b", "supported_language": "en", "supported_entity": "BADGE", "context": ["badge"], "patterns": [@]}]',
        '{"ad_hoc_recognizers": [{"name": "b", "supported_entity": "badge", "patterns": [@]}]}',
        '{"name": "b", "supported_entity": "BADGE", "patterns": @}',
    ],
)
def test_ad_hoc_recognizers_are_read_as_json(text: str) -> None:
    assert found("seen B-1234, AB-1234", text.replace("@", PATTERN)) == [("BADGE", "B-1234", 0.5)]


def test_flags_of_a_recognizer_say_whether_case_matters() -> None:
    pattern = '[{"name": "b", "regex": "B-1", "score": 1}]'
    text = f'{{"name": "b", "supported_entity": "BADGE", "global_regex_flags": 24, "patterns": {pattern}}}'
    assert found("b-1 B-1", text) == [("BADGE", "B-1", 1.0)]


@pytest.mark.parametrize(
    ("recognizer", "line", "column", "what"),
    [
        (r"{name: a, supported_entity: A, patterns: [{name: a, regex: '(K4711)\1', score: 1}]}", 2, 62, "not linear"),
        ("{name: a, supported_entity: A, patterns: [{name: a, regex: '(?=K4711)K', score: 1}]}", 2, 62, "not linear"),
        ("{name: a, supported_entity: A, patterns: [{name: a, regex: 'K*', score: 1}]}", 2, 62, "empty text"),
        ("{name: a, supported_entity: A, patterns: [{name: a, score: 1}]}", 2, 45, "without a regex"),
        ("{name: a, supported_entity: A, patterns: [{name: a, regex: K, score: much}]}", 2, 72, "score"),
        ("{name: a, patterns: [{name: a, regex: K, score: 1}]}", 2, 3, "without an entity"),
        ("{name: a, supported_entity: A}", 2, 3, "looks for nothing"),
        ("[K4711]", 2, 3, "not a mapping"),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_place_and_never_quoted(
    recognizer: str, line: int, column: int, what: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        read_recognizers(f"recognizers:\n- {recognizer}\n", file="r.yaml")
    (problem,) = raised.value.problems
    assert (problem.file, problem.line, problem.column) == ("r.yaml", line, column), str(problem)
    assert what in problem.what
    assert problem.mend
    assert "K4711" not in str(problem)


def test_an_unknown_category_and_a_text_that_is_none_are_told() -> None:
    with pytest.raises(PolicyError, match="no category"):
        read_recognizers(REGISTRY, categories={"ZIP": "user.zipp"})
    with pytest.raises(PolicyError, match="neither recognizers nor a list"):
        read_recognizers("nothing")


def test_names_are_presidios_where_it_has_one() -> None:
    assert presidio_name("IBAN") == "IBAN_CODE"
    assert all(ringfence_name(presidio_name(entity)) == entity for entity in ENTITIES)


def test_without_presidio_the_error_names_the_command_that_installs_it() -> None:
    program = (
        "import sys; sys.modules['presidio_analyzer'] = None\n"
        "from ringfence.integrations.presidio import recognizer\n"
        "try: recognizer()\nexcept ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "presidio-analyzer, which is not installed" in done.stdout
    assert install_line("presidio") in done.stdout


IN_PRESIDIO = r"""
import sys
import spacy
from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from ringfence.detect import Detector, OwnPattern, OwnRecognizer, detector_for
from ringfence.integrations.presidio import read_recognizers, recognizer

class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
        self.nlp = {"en": spacy.blank("en")}
    def load(self):
        pass

def spans(results, text):
    return sorted((one.entity_type, text[one.start:one.end]) for one in results)

def engine(*recognizers):
    registry = RecognizerRegistry(recognizers=list(recognizers))
    return AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])

own = OwnRecognizer("CUSTOMER_NUMBER", "user.unique_id", (OwnPattern("K-[0-9]{8}"),), check="luhn")
analyzer = engine(recognizer(detector=Detector(own=[own])))
text = "zoë: mail anna@mail.example, DE89370400440532013000, ssn 536-22-8712, K-12345674, K-12345675"
assert "IBAN_CODE" in analyzer.get_supported_entities()
assert spans(analyzer.analyze(text, language="en"), text) == [
    ("CUSTOMER_NUMBER", "K-12345674"), ("EMAIL_ADDRESS", "anna@mail.example"),
    ("IBAN_CODE", "DE89370400440532013000"), ("US_SSN", "536-22-8712"),
]
only = analyzer.analyze(text, language="en", entities=["IBAN_CODE"], return_decision_process=True)
assert spans(only, text) == [("IBAN_CODE", "DE89370400440532013000")]
assert "checksum:" in only[0].analysis_explanation.textual_explanation

given = [
    {"name": "zip", "supported_language": "en", "supported_entity": "ZIP",
     "patterns": [{"name": "zip", "regex": r"\b\d{5}(?:-\d{4})?\b", "score": 0.6}]},
    {"name": "case", "supported_language": "en", "supported_entity": "CASE_NO",
     "patterns": [{"name": "case", "regex": r"(?<!\w)az[ -]?[0-9]{2,4}/[a-f]{2}(?!\w)", "score": 0.7}]},
    {"name": "title", "supported_language": "en", "supported_entity": "TITLE", "deny_list": ["Mr", "Prof. Dr"]},
]
theirs = engine(*(PatternRecognizer.from_dict(dict(one)) for one in given))
import json
ours = detector_for(read_recognizers(json.dumps(given)))
TEXTS = ("AZ 12/ab and az-1234/fe, az123/gg; zip 12345 or 12345-6789, 123456",
         "Mr Doe, MR, prof. dr x, Mrs", "xaz12/ab az12/abc")
for text in TEXTS:
    found = sorted((one.entity, text[one.start:one.end]) for one in ours.find(text) if one.entity in ("ZIP", "CASE_NO", "TITLE"))
    assert found == spans(theirs.analyze(text, language="en"), text), (found, spans(theirs.analyze(text, language="en"), text))

import inspect
import presidio_analyzer.predefined_recognizers as predefined
from ringfence.policy import PolicyError
patterns = [one for _, each in inspect.getmembers(predefined, inspect.isclass) for one in getattr(each, "PATTERNS", None) or ()]
taken = 0
for number, one in enumerate(patterns):
    pattern = {"name": "x", "regex": one.regex, "score": one.score}
    try:
        read_recognizers(json.dumps({"name": "x", "supported_entity": f"X{number}", "patterns": [pattern]}))
    except PolicyError:
        continue
    taken += 1
assert taken >= 0.8 * len(patterns) > 100, (taken, len(patterns))
print("agreed")
"""


@pytest.mark.soak
def test_the_real_presidio_takes_the_recognizer_and_finds_what_its_own_reading_finds(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    install = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--editable",
        f"{ROOT}[presidio]",
    ]
    subprocess.run(install, check=True, capture_output=True)
    done = subprocess.run([python, "-W", "ignore", "-c", IN_PRESIDIO], capture_output=True, text=True, check=False)
    assert done.stdout == "agreed\n", done.stderr
