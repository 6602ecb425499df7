"""The scenes about code: a commit with people in it, refused and mended; and what a repository's history keeps.

The rule: as for all scenes. Whether a step held is judged by what git holds, by what the ledger says, and by the values planted.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ringfence.demo.code_stage import FIXTURE, NOTEBOOK, PROGRAM, CodeStage, GitMissing, seen_in
from ringfence.demo.screen import Screen, left_out
from ringfence.demo.stage import Stage
from ringfence.ledger import canonical

if TYPE_CHECKING:
    from ringfence.demo.planting import Planted

_SHOWN = 7  # lines of a refusal that are shown of its head, and
_MENDS = 4  # of its end
_CHANGES = 8  # of a difference, for each of two files
_ID = 8  # characters of a commit's


def show_commit(stage: Stage, screen: Screen) -> bool:
    """Show a commit that is refused, how it is mended, and that it is taken then."""
    code = stage.code
    if isinstance(code, GitMissing):
        return left_out(code, screen)
    screen.command("ringfence git install")
    screen.command('git add --all && git commit -m "Test invoices"')
    said = code.refused.err.replace(f"{code.folder.resolve()}/", "").splitlines()  # as it is typed there
    between = len(said) - _SHOWN - _MENDS
    screen.output("\n".join([*said[:_SHOWN], f"  ({between} more lines)", *said[-_MENDS:]]), most=len(said))
    screen.command("ringfence scan --fix --yes")
    screen.output("\n".join(_difference(code.fixed.out.splitlines())))
    screen.output(code.fixed.err)
    screen.command('git add --all && git commit -m "Test invoices"')
    screen.output(code.taken.out)
    rows = [(kind, str(count), str(before), str(after)) for kind, count, before, after in _account(code)]
    screen.table((f"in {FIXTURE} and {PROGRAM}", ">values", ">when refused", ">in the commit"), rows)
    told = seen_in(f"{code.refused.err}{code.fixed.out}{code.fixed.err}".encode(), code.planted)
    recorded = seen_in(b"\n".join(canonical(one.body) for one in code.entries if one.body is not None), code.planted)
    stayed = seen_in(code.after, code.planted)
    screen.say(
        "One stand-in for each value, in every file: the program's own test, which looks one customer up by address and card, "
        f"{'passes before and after' if code.tested == (0, 0) else 'does not pass any more'}."
    )
    return screen.held(
        holds=code.refused.code == 1
        and code.refused_at[0] == code.refused_at[1]
        and len(code.entries) == 1
        and seen_in(code.before, code.planted) == len(code.planted)
        and told == recorded == stayed == 0
        and code.taken.code == 0
        and code.tested == (0, 0),
        text=f"refused, recorded, mended, taken; planted values in the commit: {stayed}, told on the way: {told}, "
        f"in the ledger: {recorded}",
    )


def show_history(stage: Stage, screen: Screen) -> bool:
    """Show what the repository still holds although no file has it any more."""
    code = stage.code
    if isinstance(code, GitMissing):
        return left_out(code, screen)
    screen.command("ringfence scan --history")
    refused = [one for one in code.kept if one["standing"] == "refused"]
    places = Counter(
        (str(one["file"]), str(one["where"]), str(one["commit"])[:_ID], str(one["entity"])) for one in refused
    )
    screen.table(
        ("where", "what", ">values", "brought by"),
        [
            (f"{file}, {where}" if where else file, entity, str(count), f"commit {commit}" if commit else "no commit")
            for (file, where, commit, entity), count in places.items()
        ],
    )
    screen.say(
        f"{NOTEBOOK} was committed with its output once. The next commit cleared it, and the file is clean since then; whoever "
        "clones the repository has the first one, too. What belongs to no commit is what was staged when the hook refused it: it "
        "lies in this clone until git prunes it, and no push takes it along."
    )
    seen = [one for one in refused if one["file"] == NOTEBOOK]
    brought = {str(one["commit"]) for one in seen}
    told = seen_in(code.history.out.encode(), [*code.noted, *code.planted])
    files = {str(one["file"]) for one in refused if one["commit"]}
    return screen.held(
        holds=len(seen) == len(code.noted)
        and brought == {code.first[0]}
        and files == {NOTEBOOK}
        and told == 0
        and code.history.code == 1,
        text=f"of {len(code.noted)} values in the cleared output {len(seen)} are found, at the commit that brought them; "
        f"told: {told}",
    )


def _difference(lines: Sequence[str]) -> Iterator[str]:
    """Give the head of the difference in each file."""
    shown = 0
    for line in lines:
        if not line.startswith(("-", "+", "@@")):
            return
        shown = 0 if line.startswith("--- ") else shown + 1
        if shown < _CHANGES:
            yield line
        elif shown == _CHANGES:
            yield "…"


def _account(code: CodeStage) -> Iterator[tuple[str, int, int, int]]:
    kinds: dict[str, list[Planted]] = {}
    for one in code.planted:
        kinds.setdefault(one.kind.value, []).append(one)
    for kind, planted in kinds.items():
        yield kind, len(planted), seen_in(code.before, planted), seen_in(code.after, planted)
