"""The plan for personal data in history, written: a page for people, a document for programs, and what `git filter-repo` takes.

The rule: no value, and no name that holds one: names pass `Names`. Steps stand in the order in which they help: what can be abused
is made useless first, then the clock that a law has started is looked at, then history is written anew, then every copy is emptied.
"""

import json
from collections.abc import Iterator
from typing import Final

from ringfence.gates.git.history_plan import HistoryPlan, Touched
from ringfence.report.scan_words import Names, counted

_SHOWN: Final = 200

BLOB: Final = '''"""Made by `ringfence history plan`. git filter-repo calls this for each blob."""
try:
    from ringfence.cli._rewriting import rewriting
except ImportError:
    raise SystemExit("ringfence is not installed where git filter-repo is: pip install ringfence git-filter-repo")
blob.data = rewriting({folder}).blob(blob.original_id, blob.data)
'''
MESSAGE: Final = '''"""Made by `ringfence history plan`. git filter-repo calls this for each message of a commit or a tag."""
try:
    from ringfence.cli._rewriting import rewriting
except ImportError:
    raise SystemExit("ringfence is not installed where git filter-repo is: pip install ringfence git-filter-repo")
return rewriting({folder}).message(message)
'''


def document(plan: HistoryPlan, names: Names, asked: dict[str, object]) -> str:
    """Give the plan as JSON."""
    told = {
        "version": 1,
        "asked": asked,
        "first": plan.first,
        "last": plan.last,
        "categories": [
            {"category": category, "findings": count, "values": values} for category, count, values in plan.distinct
        ],
        "refs": [names.shown(ref) for ref in plan.refs],
        "commits": plan.commits,
        "dangling": plan.dangling,
        "absent": plan.absent,
        "unplaced": names.shown(plan.unplaced),
        "rotate": [
            {"file": names.shown(one.name), "line": one.line, "commit": one.commit, "entity": one.entity}
            for one in plan.rotate
        ],
        "objects": [_object(one, names) for one in plan.objects],
        "messages": [_object(one, names) for one in plan.messages],
        "unreadable": [{"file": names.shown(one.file), "what": names.shown(one.what)} for one in plan.failed],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _object(one: Touched, names: Names) -> dict[str, object]:
    told: dict[str, object] = {
        "object": one.id,
        "file": names.shown(one.name),
        "commit": one.commit,
        "entities": dict(one.entities),
        "mend": one.mend,
    }
    if one.why:
        told["why"] = one.why
    return told


def removed(plan: HistoryPlan) -> str:
    """Give the ids of the blobs that `git filter-repo --strip-blobs-with-ids` takes out."""
    return "".join(f"{one.id}\n" for one in plan.objects if one.mend == "remove")


def page(plan: HistoryPlan, names: Names, folder: str, options: str) -> str:
    """Give the plan for people, in Markdown. `folder`: where it lies; `options`: those of a scan by the same rules."""
    return "\n".join((*_found(plan, names), *_people(plan, names), *_steps(plan, names, folder, options))) + "\n"


def _found(plan: HistoryPlan, names: Names) -> Iterator[str]:
    total = sum(plan.categories.values())
    yield "# Personal data in history: what to do, in order\n"
    yield (
        f"{counted(total, 'finding')} in {counted(len(plan.objects), 'version of a file', 'versions of files')} and "
        f"{counted(len(plan.messages), 'message')}{_brought(plan)}.\n"
    )
    yield "| category | findings | different values |\n| --- | ---: | ---: |"
    yield from (f"| {category} | {count:,} | {values:,} |" for category, count, values in plan.distinct)
    yield ""
    if plan.refs:
        yield "They are reached from: " + ", ".join(f"`{names.shown(ref)}`" for ref in plan.refs[:_SHOWN]) + ".\n"
    if plan.unplaced:
        yield f"Which branches and tags lead there could not be told: {names.shown(plan.unplaced)}.\n"
    if plan.dangling:
        are, they, was = ("is", "It is", "it was") if plan.dangling == 1 else ("are", "They are", "they were")
        yield (
            f"{plan.dangling:,} of the versions {are} reached from no branch or tag. {they} in this clone, and on every server "
            f"that {was} pushed to, until it collects its garbage (`git gc --prune=now`; what a reflog names, when that expires).\n"
        )
    if plan.absent:
        yield f"{counted(plan.absent, 'object')} of this history not in this clone, and may hold more: plan again in a whole one.\n"
    if plan.failed:
        yield f"{counted(len(plan.failed), 'part')} could not be read, and may hold more: `plan.json` names what.\n"


def _brought(plan: HistoryPlan) -> str:
    """Say by how many commits, and when."""
    if not plan.commits:
        return ", brought by no commit that is still there"
    first, last = plan.first[:10], plan.last[:10]
    days = "" if not first else f" of {first}" if first == last else f" between {first} and {last}"
    return f", brought by {counted(len(plan.commits), 'commit')}{days}"


def _people(plan: HistoryPlan, names: Names) -> Iterator[str]:
    yield "## 1. Make useless what opens something\n"
    if plan.rotate:
        yield "Rotate each of these now, before anything else: who has a copy of the repository has them.\n"
        for one in plan.rotate[:_SHOWN]:
            yield f"- [ ] {one.entity} in {names.shown(one.name)}:{one.line} (commit {one.commit[:12] or 'unknown'})"
        if len(plan.rotate) > _SHOWN:
            yield f"- [ ] and {len(plan.rotate) - _SHOWN:,} more: `plan.json`"
        yield ""
    else:
        yield "No credentials were found. Those in other formats a secret scanner finds.\n"
    most = max((values for _, _, values in plan.distinct), default=0)
    yield "## 2. Look at the clock\n"
    yield (
        "The moment at which you became aware starts 72 hours, if the repository was readable for anybody who should not have seen "
        "this (GDPR art. 33): write it down now.\n"
    )
    people = counted(sum(values for _, _, values in plan.distinct), "person", "people")
    yield (
        f"- [ ] Tell whoever is responsible for data protection. Concerned are at most {people} (different values of all "
        f"categories), and probably no fewer than {most:,} (of the one that has most)."
    )
    if plan.special:
        yield f"- [ ] Categories where harm is great: {', '.join(plan.special)}. People may have to be told themselves (art. 34)."
    yield "- [ ] Find out who could read it, and who did: visibility over time, members, deploy keys, forks, logs of clones."
    yield "- [ ] Decide and write down: notify the authority, notify the people, or why not (art. 33(5)).\n"


def _steps(plan: HistoryPlan, names: Names, folder: str, options: str) -> Iterator[str]:
    gone = [one for one in plan.objects if one.mend == "remove"]
    yield "## 3. Write history anew\n"
    yield "Have everybody push and stop. In a copy with all refs, with `pip install ringfence git-filter-repo`:\n"
    yield "```sh"
    yield "ORIGIN=$(git remote get-url origin || git rev-parse --absolute-git-dir)"
    yield 'git clone --mirror --no-local "$ORIGIN" ' + f"{folder}/rewritten.git"
    yield f"cd {folder}/rewritten.git"
    strip = f" --strip-blobs-with-ids {folder}/remove.txt" if gone else ""
    yield (
        "git filter-repo --sensitive-data-removal --no-fetch "
        f"--blob-callback {folder}/blob.py --message-callback {folder}/message.py{strip}"
    )
    yield f"ringfence scan --history{options}"
    yield "```\n"
    yield (
        "The scan has to say that nothing is there. Values become the same stand-ins that `ringfence scan --fix` writes with the "
        "same key; without one (`ringfence key add k-scan`) each run draws its own.\n"
    )
    if any(ref.startswith("refs/notes/") for ref in plan.refs):
        yield "Notes keep the ids of the commits that they were written on: see that they still find them.\n"
    if gone:
        yield f"What cannot be mended is removed ({len(gone):,}); make it anew from synthetic data:\n"
        for one in gone[:_SHOWN]:
            yield f"- {names.shown(one.name)} ({one.id[:12]}): {one.why}"
        if len(gone) > _SHOWN:
            yield f"- and {len(gone) - _SHOWN:,} more: `plan.json`"
        yield "\nTake an id out of `remove.txt` to keep its version.\n"
    yield "## 4. Publish it\n"
    yield "Lift the protection of branches and tags for as long as this takes; it changes the id of every commit since the first.\n"
    yield "```sh"
    yield 'git push --force --mirror "$ORIGIN"'
    yield "```\n"
    yield "## 5. Empty every copy\n"
    for step in _COPIES:
        yield f"- [ ] {step}"
    yield "\n## 6. Keep it out\n"
    yield "- [ ] `ringfence git install` in every clone, and the hook `pre-receive` where the repository is served."
    yield "- [ ] Delete this plan once it is done: it says where personal data was."


_COPIES: Final = (
    (
        "Pull and merge requests: their refs (`refs/pull/*`, `refs/merge-requests/*`) cannot be pushed over. Ask the host to "
        "remove them, and to collect garbage: old commits stay readable by their ids until then."
    ),
    "Forks: each keeps the old objects. Have them deleted, or rewritten by the same plan.",
    "Clones: everybody deletes theirs and clones again. A merge or a pull of an old clone brings everything back.",
    "Continuous integration: caches, artefacts, logs, and the working copies of runners.",
    "What was made of it: releases, source archives, packages, container images, documentation.",
    "Mirrors, backups, code search, and tools that index repositories.",
    "Git LFS: objects that are no longer referred to are removed by the host only.",
)
