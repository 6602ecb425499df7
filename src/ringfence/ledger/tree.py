"""The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1), as pure functions over hashes.

The rule: nothing here knows what a leaf says, where it is stored, or who signed a root. A leaf's hash is SHA-256(0x00 || leaf),
a node's SHA-256(0x01 || left || right), an empty tree's SHA-256 of nothing; the left part of n leaves is the largest power of
two below n. Different prefixes for leaves and nodes keep a node from being passed off as a leaf.

Whoever asks for a proof hands in `subtree(start, end)`, which gives the root of the leaves from `start` to before `end`; so a
ledger of a million entries need not read them all. `Frontier` is what an appender must remember: one hash for each bit that is
set in the size.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

Subtree: TypeAlias = Callable[[int, int], bytes]

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf's data."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into the one above them."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees that a tree of `size` leaves consists of, the largest first (a "compact range").

    >>> frontier = Frontier()
    >>> frontier.append(leaf_hash(b""))
    >>> frontier.root().hex()[:16]
    '6e340b9cffb37a98'
    """

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._nodes = list(nodes)
        if len(self._nodes) != size.bit_count():
            raise ValueError("a frontier has one hash for each bit that is set in its size")

    def copy(self) -> "Frontier":
        """Give one that can be appended to without changing this one."""
        return Frontier(self.size, self._nodes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        nodes = self._nodes
        rest = self.size
        node = leaf
        while rest & 1:
            node = sha256(b"\x01" + nodes.pop() + node).digest()
            rest >>= 1
        nodes.append(node)
        self.size += 1

    def append_complete(self, root: bytes, leaves: int) -> None:
        """Add a complete subtree of `leaves` leaves, a power of two that divides the size so far."""
        if leaves <= 0 or leaves & (leaves - 1) or self.size % leaves:
            raise ValueError("only a complete subtree that begins at a multiple of its own size can be added")
        rest = self.size // leaves
        node = root
        while rest & 1:
            node = node_hash(self._nodes.pop(), node)
            rest >>= 1
        self._nodes.append(node)
        self.size += leaves

    def root(self) -> bytes:
        """Give the tree's root."""
        if not self._nodes:
            return EMPTY_ROOT
        node = self._nodes[-1]
        for left in reversed(self._nodes[:-1]):
            node = node_hash(left, node)
        return node

    def completed_by(self, leaf: bytes, leaves: int) -> bytes:
        """Give the root of the complete subtree of `leaves` leaves that this leaf, appended next, would be the last of."""
        if (self.size + 1) % leaves:
            raise ValueError("the leaf does not complete a subtree of that size")
        node = leaf
        for level in range(1, leaves.bit_length()):
            node = node_hash(self._nodes[-level], node)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Give the root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def split(size: int) -> int:
    """Give the size of the left part of a tree of two or more leaves: the largest power of two below it."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Give the audit path of leaf `index` in the tree of the first `size` leaves (RFC 6962 section 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Prove that the tree of `old` leaves is the beginning of the one of `new` leaves (RFC 6962 section 2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError("the older tree is the smaller one")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = start + split(end - start)
        if old <= middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start = middle
    if start:  # else the old root itself is the first node, and the verifier has it
        proof.append(subtree(start, end))
    proof.reverse()
    return proof


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether the proof shows the leaf hash at that index under the root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last = index, size - 1
    node = leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        place >>= 1
        last >>= 1
    return last == 0 and node == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Say whether the proof shows the old tree to be the beginning of the new one (RFC 9162 section 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        place >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root
