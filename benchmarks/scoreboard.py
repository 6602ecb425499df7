"""The scoreboard: every labelled corpus, Presidio's examples, made numbers and clean text, ringfence beside Presidio in one run.

    make scoreboard                       measure, and write docs/scoreboard.md
    python -m benchmarks.scoreboard

The rule: nothing is left out because it looks bad, both sides get the same texts, and Presidio gets the best of its four settings
for each line. A corpus that is absent is said to be; then the page is not written.
"""

import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks._clean import LOG_BYTES, SOURCE_BYTES, Found, in_logs, in_sources, sources
from benchmarks._judged import LOGS, SOURCES, Verdict
from benchmarks._labelled import FROM_A_MODEL, NAMES, SETTINGS, Judged, by_setting, judged
from benchmarks._numbers import NUMBERS, generated
from benchmarks._peers import PRESIDIO, Peer, presidio
from benchmarks._scores import RESAMPLES, Counts, interval, summed
from benchmarks.recognition import counted, rows_of
from benchmarks.recognition import examples as tried
from ringfence.cli.version import is_compiled
from ringfence.detect import Detector
from ringfence.taxonomy import ENTITIES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scoreboard.md"
FEWEST = 30  # labels from which on a line is judged
NUMBERS_EACH = 20
SLICE_BYTES = 400_000  # of sources that Presidio is given, in files of at most
SLICE_FILE_MOST = 40_000  # bytes
_SEED = 5
REASONS = {
    "1748503543012": "found at any score only; at the threshold no network's range begins so (ISO/IEC 7812-1)",
    "LV80 bANK 0000 4351 9500 1": "the check digits are right; people type small letters (ISO 13616-1 prints capitals)",
    "192.168.1.1.1": "five numbers are no address (RFC 791)",
    "Unspecified ::": "the unspecified address is no host's (RFC 4291, 2.5.2)",
    "My swedish id code is199003052397.": "a number grown together with a word is part of it; beside a blank it is found",
}
"""Texts of which Presidio expects otherwise, each with the reason."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _figures(counts: Sequence[Counts]) -> tuple[str, ...]:
    total = summed(counts)
    low, high = interval(counts, _SEED)
    return (
        f"{total.precision:.3f}",
        f"{total.recall:.3f}",
        f"{total.f(1):.3f} ({low:.3f} to {high:.3f})",
        f"{total.f(2):.3f}",
    )


def _best(one: Judged, way: int) -> str:
    return max(SETTINGS, key=lambda setting: summed(one.peers[setting][way]).f(1))


def _name(corpus: str) -> str:
    return corpus.rpartition("/")[2]


def corpora(lines: Sequence[Judged]) -> Iterator[str]:
    """Write the tables of labelled texts: by overlap, then exact."""
    heads = ("corpus", "label", "n", "", "precision", "recall", "F1 (95 %)", "F2", "setting")
    for way, title in ((1, "By overlap"), (0, "Exact to the character")):
        rows = []
        for one in lines:
            ours, setting = (one.ours[0], one.ours[1])[way], _best(one, way)
            n = str(summed(ours).labelled)
            rows.append((_name(one.corpus), one.label, n, "ringfence", *_figures(ours), ""))
            rows.append(("", "", "", "Presidio", *_figures((one.peers[setting])[way]), setting))
        yield f"### {title}\n\n{table(heads, rows)}"


def verdicts(lines: Sequence[Judged]) -> str:
    """Say line by line where Presidio is ahead, among labels that are no model's and have enough spans."""
    behind, even = [], 0
    for one in lines:
        ours = summed(one.ours[1])
        if ours.labelled < FEWEST or one.label in FROM_A_MODEL:
            continue
        theirs = summed(one.peers[_best(one, 1)][1])
        even += ours.f(1) >= theirs.f(1)
        if ours.f(1) < theirs.f(1):
            behind.append(f"{one.label} on {_name(one.corpus)} ({ours.f(1):.3f} against {theirs.f(1):.3f})")
    told = "; ".join(behind) or "none"
    return (
        f"Of the labels that patterns can find, with {FEWEST} spans or more in a corpus: {even} where ringfence's F1 by "
        f"overlap is Presidio's or higher; behind: {told}."
    )


def examples() -> str:
    """Write what Presidio's own examples come to, and every disagreement."""
    expected = found = negatives = silent = 0
    disagreements = []
    for entity, text, wanted, got in tried():
        expected, found = expected + wanted, found + min(wanted, got)
        negatives, silent = negatives + (not wanted), silent + (not wanted and not got)
        if got < wanted or (got and not wanted):
            reason = REASONS.get(text, "**without a reason: to be mended**")
            disagreements.append((f"`{entity}`", f"`{text}`", "yes" if wanted else "no", reason))
    return (
        f"{found} of {expected} positives found ({found / expected:.1%}), {silent} of {negatives} negatives left alone "
        f"({silent / negatives:.1%}); one recognizer at any score, as Presidio's own tests run. Where the two disagree:\n\n"
        + table(("entity", "text", "Presidio expects one", "why ringfence does not agree"), disagreements)
    )


def numbers(detector: Detector) -> str:
    """Write how made numbers of states and banks beside a word are told from wrong ones."""
    total, right, wrong = counted(detector, NUMBERS_EACH, _SEED)
    made = list(generated(NUMBERS_EACH, _SEED))
    texts = [(f"{word}: {number}", number) for _, word, *both in made for number in both]
    peers = presidio([("en", text) for text, _ in texts])
    rows = [("ringfence", f"{right.total() / total.total():.1%}", f"{wrong.total() / total.total():.1%}", "")]
    rows.extend(
        ("Presidio", *(f"{_share(setting, peers[first::2], texts[first::2]):.1%}" for first in (0, 1)), setting)
        for setting in SETTINGS
    )
    return (
        f"{len(made)} numbers of {len(NUMBERS)} entities, right by python-stdnum, and as many wrong by one digit, each behind "
        "a word of its entity. Presidio is said to find a number when anything of a country covers it.\n\n"
        + table(("", "right ones found", "wrong ones found", "setting"), rows)
    )


def _share(setting: str, peers: Sequence[Peer], texts: Sequence[tuple[str, str]]) -> float:
    hits = 0
    for peer, (text, number) in zip(peers, texts, strict=True):
        start = len(text) - len(number)
        hits += any(one.start <= start and one.end >= len(text) for one in by_setting(peer)[setting])
    return hits / len(texts)


def _judgements(what: str, found: Found, known: dict[str, Verdict]) -> str:
    """Write what a reading of the findings in clean text came to."""
    rows, false = [], 0.0
    for entity, count in found.kinds.most_common():
        verdict = known.get(entity)
        if verdict is None:
            rows.append((f"`{entity}`", str(count), "0", "all counted as false", ""))
            false += count
            continue
        false += verdict.share * count
        rows.append((f"`{entity}`", str(count), str(verdict.judged), str(verdict.false), verdict.what))
    rate = false / (found.size / 1e6)
    return (
        f"### {what}\n\n{found.size / 1e6:.0f} MB, {sum(found.kinds.values())} findings at the default thresholds; by the shares "
        f"of the sample that are false: **{rate:.2f} false findings for each MB**.\n\n"
        + table(("entity", "findings", "judged", "false", "what the false ones are"), rows)
    )


def clean(detector: Detector) -> str:
    in_code = _judgements("Sources", in_sources(detector), SOURCES)
    machines = _judgements("Machines' logs, JSON and measurements", in_logs(detector), LOGS)
    judged_all = sum(one.judged for one in (*SOURCES.values(), *LOGS.values()))
    size, texts = 0, []
    for _, data in sources():
        if len(data) > SLICE_FILE_MOST:
            continue
        texts.append(data.decode(errors="replace"))
        size += len(data)
        if size > SLICE_BYTES:
            break
    peers = presidio([("en", text) for text in texts])
    rows = [("ringfence", f"{sum(map(len, detector.find_many(texts))) / size * 1e6:.0f}", "")]
    for setting in SETTINGS:
        hits = sum(len(by_setting(peer)[setting]) for peer in peers)
        rows.append(("Presidio", f"{hits / size * 1e6:.0f}", setting))
    return (
        f"{judged_all} findings were read one by one, chosen by a seed, of every kind (`python -m benchmarks._clean` prints "
        "them). Right is what is what its finding says, however invented: an author's mailbox, an address in an example's "
        "configuration, a test's password.\n\n"
        f"{in_code}\n\n{machines}\n\n### Beside Presidio\n\nAll findings, right and false, for each MB of {len(texts)} of "
        f"these files, {size / 1e6:.1f} MB; Presidio is too slow for more.\n\n"
        + table(("", "findings for each MB", "setting"), rows)
    )


_INTRO = """# Scoreboard

How well personal data is recognised, beside Presidio's pattern recognizers, in one run:

```console norun: takes a quarter of an hour, and installs Presidio in a folder for temporary files
$ make scoreboard
```

Made with Python {python}, ringfence {own} ({built}, {entities} entities), {peer}. This page is written by that command;
nothing on it is set by hand but the verdicts on clean text and the reasons of disagreements."""

_LEGEND = """## How to read it

- A corpus marks only its own labels: a finding of another kind is no mistake there. `OTHER` (laws, works, titles,
  professions) is left out. The texts are the open halves of public corpora.
- Presidio runs without a model (`spacy.blank`; each word is its own lemma, so its context words do count), in four
  settings: {settings}. Each of its lines is the best of the four by F1, which is said at the end of the line.
- Intervals are 95 % of {draws} draws of the texts (Poisson bootstrap, seeded). F2 weighs recall double.
- {model} in prose wait for a model: neither side looks for them there. Ringfence finds them behind labels and titles, and
  in fields of their names.
- `USERNAME` is found in fields of that name and behind words; handles in tweets are looked for by neither side.
- The clock time of a log's line is no date of a person's, so `DATE_TIME` is not found in `apache_access`, nor does Presidio
  find that spelling. A year by itself is left alone, though MEDDOCAN marks it."""


def page(detector: Detector) -> str:
    lines = list(judged(detector))
    parts = [
        _INTRO.format(
            python=platform.python_version(),
            own=version("ringfence"),
            built="compiled" if is_compiled() else "uncompiled",
            entities=len(ENTITIES),
            peer=PRESIDIO[0].replace("==", " "),
        ),
        _LEGEND.format(settings=", ".join(SETTINGS), draws=RESAMPLES, model=", ".join(FROM_A_MODEL)),
        f"## Labelled texts\n\n{verdicts(lines)}",
        *corpora(lines),
        f"## Presidio's examples\n\n{examples()}",
        f"## Numbers of states and banks\n\n{numbers(detector)}",
        f"## Clean text\n\n{clean(detector)}",
    ]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    absent = [name for name in NAMES if next(rows_of(name), None) is None]
    if absent:
        print(f"not runnable: {', '.join(absent)} must lie in shared/corpora beside the checkout", file=sys.stderr)
        return 2
    print(
        f"sources: {SOURCE_BYTES / 1e6:.0f} MB, logs: {LOG_BYTES / 1e6:.0f} MB; this takes a quarter of an hour",
        file=sys.stderr,
    )
    PAGE.write_text(page(Detector()), encoding="utf-8")
    print(f"written: {PAGE}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
