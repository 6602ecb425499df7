"""The Merkle tree against the reference vectors of Certificate Transparency and a literal reading of RFC 6962."""

from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    split,
    verify_consistency,
    verify_inclusion,
)

# The leaves, roots and proofs that Certificate Transparency's implementations share
# (github.com/google/certificate-transparency and github.com/transparency-dev/merkle, testonly).
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CONSISTENCY = {
    (2, 8): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def literal_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + literal_root(leaves[:k]) + literal_root(leaves[k:])).digest()


def literal_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*literal_path(m, leaves[:k]), literal_root(leaves[k:])]
    return [*literal_path(m - k, leaves[k:]), literal_root(leaves[:k])]


def literal_subproof(m: int, leaves: list[bytes], b: bool) -> list[bytes]:
    """RFC 6962 section 2.1.2, word for word."""
    n = len(leaves)
    if m == n:
        return [] if b else [literal_root(leaves)]
    k = split(n)
    if m <= k:
        return [*literal_subproof(m, leaves[:k], b), literal_root(leaves[k:])]
    return [*literal_subproof(m - k, leaves[k:], b=False), literal_root(leaves[:k])]


def some_leaves(count: int) -> list[bytes]:
    return [number.to_bytes(2) for number in range(count)]


def subtree_of(leaves: list[bytes]):
    return lambda start, end: literal_root(leaves[start:end])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_vectors(size: int) -> None:
    assert root_of(map(leaf_hash, LEAVES[:size])).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference_vectors(index: int, size: int) -> None:
    proof = inclusion_proof(index, size, subtree_of(LEAVES))
    assert [node.hex() for node in proof] == INCLUSION[index, size]
    assert verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference_vectors(old: int, new: int) -> None:
    proof = consistency_proof(old, new, subtree_of(LEAVES))
    assert [node.hex() for node in proof] == CONSISTENCY[old, new]
    assert verify_consistency(old, new, proof, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


def test_a_frontier_gives_the_literal_root_at_every_size() -> None:
    leaves = some_leaves(130)
    frontier = Frontier()
    for size, leaf in enumerate(leaves):
        assert frontier.root() == literal_root(leaves[:size])
        frontier.append(leaf_hash(leaf))


def test_every_inclusion_proof_is_the_literal_one_and_verifies() -> None:
    for size in range(1, 34):
        leaves = some_leaves(size)
        root = literal_root(leaves)
        for index, leaf in enumerate(leaves):
            proof = inclusion_proof(index, size, subtree_of(leaves))
            assert proof == literal_path(index, leaves)
            assert verify_inclusion(leaf_hash(leaf), index, size, proof, root)


def test_every_consistency_proof_is_the_literal_one_and_verifies() -> None:
    for new in range(1, 34):
        leaves = some_leaves(new)
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, subtree_of(leaves))
            assert proof == literal_subproof(old, leaves, b=True)
            assert verify_consistency(old, new, proof, literal_root(leaves[:old]), literal_root(leaves))


@given(st.integers(1, 60), st.data())
def test_no_altered_inclusion_proof_verifies(size: int, data: st.DataObject) -> None:
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, subtree_of(leaves))
    root, leaf = literal_root(leaves), leaf_hash(leaves[index])
    other = sha256(b"other").digest()
    assert not verify_inclusion(other, index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof, other)
    assert not verify_inclusion(leaf, index, size, [*proof, other], root)
    assert not verify_inclusion(leaf, size, size, proof, root)
    for at in range(len(proof)):
        assert not verify_inclusion(leaf, index, size, [*proof[:at], other, *proof[at + 1 :]], root)
        assert not verify_inclusion(leaf, index, size, [*proof[:at], *proof[at + 1 :]], root)
    elsewhere = data.draw(st.integers(0, size - 1))
    if elsewhere != index:
        assert not verify_inclusion(leaf, elsewhere, size, proof, root)


@given(st.integers(1, 60), st.data())
def test_no_altered_consistency_proof_verifies(new: int, data: st.DataObject) -> None:
    leaves = some_leaves(new)
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(old, new, subtree_of(leaves))
    first, second = literal_root(leaves[:old]), literal_root(leaves)
    other = sha256(b"other").digest()
    assert not verify_consistency(old, new, proof, other, second)
    assert not verify_consistency(old, new, proof, first, other)
    assert not verify_consistency(old, new, [*proof, other], first, second)
    for at in range(len(proof)):
        assert not verify_consistency(old, new, [*proof[:at], other, *proof[at + 1 :]], first, second)


def test_the_empty_tree_is_the_beginning_of_every_tree() -> None:
    root = literal_root(some_leaves(5))
    assert consistency_proof(0, 5, subtree_of(some_leaves(5))) == []
    assert verify_consistency(0, 5, [], EMPTY_ROOT, root)
    assert not verify_consistency(0, 5, [], root, root)
    assert not verify_consistency(5, 4, [], root, root)


@pytest.mark.parametrize("segment", [1, 2, 8])
def test_complete_segments_give_the_same_frontier_as_their_leaves(segment: int) -> None:
    leaves = [leaf_hash(leaf) for leaf in some_leaves(83)]
    by_leaf, by_segment = Frontier(), Frontier()
    whole = len(leaves) // segment * segment
    for start in range(0, whole, segment):
        assert Frontier(by_leaf.size, by_leaf.copy()._nodes).root() == by_leaf.root()
        for leaf in leaves[start : start + segment - 1]:
            by_leaf.append(leaf)
        root = by_leaf.completed_by(leaves[start + segment - 1], segment)
        assert root == root_of(leaves[start : start + segment])
        by_leaf.append(leaves[start + segment - 1])
        by_segment.append_complete(root, segment)
        assert by_segment.root() == by_leaf.root()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Frontier(3, [EMPTY_ROOT]),
        lambda: Frontier().append_complete(EMPTY_ROOT, 3),
        lambda: Frontier(1, [EMPTY_ROOT]).append_complete(EMPTY_ROOT, 2),
        lambda: Frontier().completed_by(EMPTY_ROOT, 2),
        lambda: inclusion_proof(3, 3, subtree_of([])),
        lambda: consistency_proof(4, 3, subtree_of([])),
    ],
)
def test_what_no_tree_has_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong()


def test_a_copied_frontier_does_not_change_with_the_first() -> None:
    frontier = Frontier()
    roots = []
    for leaf in some_leaves(20):
        kept = frontier.copy()
        frontier.append(leaf_hash(leaf))
        roots.append((kept.root(), frontier.root()))
    assert all(after == before for (_, after), (before, _) in pairwise(roots))
