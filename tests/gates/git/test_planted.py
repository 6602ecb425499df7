"""Recall: synthetic people planted in every carrier and all of a repository's history, looked for as `ringfence scan` looks.

The rule: a value counts as found where a finding that is a reason to refuse holds it, wherever and under whichever name that is;
but a person's name is not found by an address that it stands in.
What is missed is told by carrier, place and kind, never by value.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from git_repositories import Repo
from planted_people import CHECKED, FACETS, OTHERS, Planted, people
from planting import CARRIERS, IN_PROSE, People, prose

from ringfence.cli._scan_options import Asking, listed_of, resume, scan_of
from ringfence.gates.git.model import Scanned
from ringfence.home import Home

_CHECKED_LEAST, _OTHERS_LEAST = 0.99, 0.95


def _kept(repo: Repo, name: str, content: bytes) -> None:
    repo.write(name, content)
    repo.git("add", "--all", "--force")
    repo.git("commit", "--quiet", "--message=a change")


def _deleted(repo: Repo, name: str, content: bytes) -> None:
    _kept(repo, name, content)
    repo.git("rm", "--quiet", name)
    repo.git("commit", "--quiet", "--message=gone")


def _amended(repo: Repo, name: str, content: bytes) -> None:
    _kept(repo, name, content)
    repo.git("rm", "--quiet", name)
    repo.git("commit", "--quiet", "--amend", "--allow-empty", "--message=amended")


def _dangling(repo: Repo, name: str, content: bytes) -> None:
    repo.write(name, content)
    repo.git("hash-object", "-w", name)
    (repo.top / name).unlink()


def _stashed(repo: Repo, name: str, content: bytes) -> None:
    repo.write(name, content)
    repo.git("add", "--all", "--force")
    repo.git("stash", "push", "--quiet")


def _branched(repo: Repo, name: str, content: bytes) -> None:
    branch = f"side/{name.replace('/', '-').strip('.').replace('.', '-')}"
    repo.git("checkout", "--quiet", "-b", branch)
    _kept(repo, name, content)
    repo.git("checkout", "--quiet", "main")


def _renamed(repo: Repo, name: str, content: bytes) -> None:
    _kept(repo, name, content)
    repo.git("mv", name, f"{Path(name).parent}/renamed-{Path(name).name.lstrip('.')}")
    repo.git("commit", "--quiet", "--message=renamed")


def _untracked(repo: Repo, name: str, content: bytes) -> None:
    repo.write(f"tree/{name}", content)


PLACES: tuple[Callable[[Repo, str, bytes], None], ...] = (
    *(_kept, _deleted, _amended, _dangling, _stashed, _branched, _renamed, _untracked),
)


def _committed(repo: Repo, text: str) -> None:
    repo.git("commit", "--quiet", "--allow-empty", "--file=-", given=text)


def _tagged(repo: Repo, text: str) -> None:
    repo.git("tag", "--annotate", "--file=-", f"v{len(repo.git('tag').split())}", given=text)


def _noted(repo: Repo, text: str) -> None:
    repo.git("commit", "--quiet", "--allow-empty", "--message=noted")
    repo.git("notes", "add", "--file=-", given=text)


MESSAGES: tuple[Callable[[Repo, str], None], ...] = (_committed, _tagged, _noted)


class _Values:
    """Digests that are what was found, so that it can be compared with what was planted; kept in memory, and told to nobody."""

    def of(self, _entity: str, value: bytes) -> str:
        """Give what was found."""
        return value.decode("utf-8", "replace")


@dataclass
class Recall:
    """What was planted, and what of it was found."""

    planted: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def of(self, facets: Sequence[str]) -> float:
        """Give the share that was found."""
        planted = sum(count for (facet, *_), count in self.planted.items() if facet in facets)
        missed = sum(count for (facet, *_), count in self.missed.items() if facet in facets)
        return 1 - missed / planted

    def table(self) -> Iterator[str]:
        """Tell it by kind and by carrier, and list what was missed."""
        for number, title in ((0, "what"), (1, "carrier"), (2, "place")):
            yield f"{title:28} planted  found"
            for name in sorted({key[number] for key in self.planted}):
                planted = sum(count for key, count in self.planted.items() if key[number] == name)
                missed = sum(count for key, count in self.missed.items() if key[number] == name)
                yield f"{name:28} {planted:7} {1 - missed / planted:6.1%}"
        for (facet, carrier, place), count in sorted(self.missed.items()):
            yield f"missed: {facet} in {carrier}, {place}: {count}"


def _same(value: str) -> str:
    return "".join(sign for sign in value.casefold() if sign.isalnum())


def _scanned(repo: Repo, *, history: bool) -> Iterator[Scanned]:
    asking = Asking(
        place=Home(repo.top / "none.yaml", repo.top / "none"),
        paths=() if history else (".",),
        history=history,
        everything=True,
        processes=2,
    )
    with chdir(repo.top):
        made = scan_of(asking, *listed_of(asking))
        resume(made)
        made.scan.scanner.digests = _Values()  # type: ignore[assignment]
        yield from made.taken(made.scan.run())
        list(made.ended())
        made.scan.opener.close()


def recall(repo: Repo, everyone: list[Planted], together: int) -> Recall:
    """Plant people, some of them together in a file, and look for them."""
    repo.commit("the beginning", readme_md="# A shop\n")
    where: dict[int, tuple[str, str]] = {}
    groups: list[People] = [everyone[at : at + together] for at in range(0, len(everyone), together)]
    carriers, round_of = list(CARRIERS), len(CARRIERS) + len(MESSAGES)
    for number, group in enumerate(groups):
        turn, carrier = divmod(number, round_of)
        if carrier >= len(carriers):
            say = MESSAGES[carrier - len(carriers)]
            say(repo, prose(group))
            told = ("message", say.__name__.strip("_"))
        else:
            name = carriers[carrier]
            place = PLACES[(number + turn) % len(PLACES)]
            place(repo, f"data/{number}/{name}", CARRIERS[name](group))
            told = (name, place.__name__.strip("_"))
        where |= {person.number: told for person in group}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for history in (True, False):
        for scanned in _scanned(repo, history=history):
            assert not scanned.failed, scanned.failed
            for one in scanned.found:
                if one.counts:
                    found[_same(one.digest)].add(one.entity)
    held = "\n".join(found)
    beside_mail = "\n".join(
        value for value, entities in found.items() if entities - {"EMAIL_ADDRESS", "URL_CREDENTIALS"}
    )
    result = Recall()
    for person in everyone:
        carrier, place_name = where[person.number]
        for facet in FACETS:
            if facet == "full_name" and (carrier in IN_PROSE or carrier == "message"):
                continue
            key = (facet, carrier, place_name)
            result.planted[key] += 1
            if _same(person.values[facet]) not in (beside_mail if facet == "full_name" else held):
                result.missed[key] += 1
    return result


def _asserted(result: Recall) -> None:
    for line in result.table():
        print(line)
    for facet in CHECKED:
        assert result.of((facet,)) >= _CHECKED_LEAST, facet
    for facet in OTHERS:
        assert result.of((facet,)) >= _OTHERS_LEAST, facet


def test_people_planted_in_every_carrier_and_place_are_found(repo: Repo) -> None:
    _asserted(recall(repo, people(len(CARRIERS) + len(MESSAGES)), together=1))


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("together", [1, 3, 12])
def test_a_thousand_people_planted_are_found(repo: Repo, together: int) -> None:
    _asserted(recall(repo, people(1000, seed=together), together))
