"""The Merkle tree of RFC 6962 over SHA-256: roots that grow with their leaves, and proofs about them.

A frontier is what is needed to go on: the roots of the full subtrees that make up the tree, the largest first, one
for each 1 in the binary form of its size.
"""

from collections.abc import Sequence
from hashlib import sha256

Frontier = tuple[bytes, ...]
EMPTY = sha256(b"").digest()
WIDTH = 32


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grown(frontier: Frontier, size: int, leaves: Sequence[bytes]) -> Frontier:
    """The frontier after `leaves` are put behind the first `size`: as many hashes as there are leaves, at most."""
    peaks = list(frontier)
    for number, leaf in enumerate(leaves, size):
        peaks.append(leaf)
        while number & 1:
            right = peaks.pop()
            peaks[-1] = sha256(b"\x01" + peaks[-1] + right).digest()
            number >>= 1
    return tuple(peaks)


def root_of(frontier: Frontier) -> bytes:
    """The tree's root."""
    if not frontier:
        return EMPTY
    root = frontier[-1]
    for peak in reversed(frontier[:-1]):
        root = node_hash(peak, root)
    return root


def packed(frontier: Frontier) -> bytes:
    return b"".join(frontier)


def unpacked(data: bytes, size: int) -> Frontier:
    """Raises ValueError when `data` cannot be the frontier of a tree of `size` leaves."""
    if len(data) != WIDTH * size.bit_count():
        raise ValueError("This is no frontier of a tree of that size.")
    return tuple(data[at : at + WIDTH] for at in range(0, len(data), WIDTH))


# -- proofs -----------------------------------------------------------------------------------------------------------


def root(leaves: Sequence[bytes]) -> bytes:
    return root_of(grown((), 0, leaves))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of `leaves`, the lowest first."""
    if not 0 <= index < len(leaves):
        raise ValueError("There is no such leaf.")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """The hashes that show that the tree of `leaves` begins with the tree of its first `size`."""
    if not 0 < size <= len(leaves):
        raise ValueError("There was no such tree.")
    return _subproof(leaves, size, True)


def _subproof(leaves: Sequence[bytes], size: int, whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if size <= split:
        return [*_subproof(leaves[:split], size, whole), root(leaves[split:])]
    return [*_subproof(leaves[split:], size - split, False), root(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], tree: bytes) -> bool:
    """Whether `proof` leads from `leaf`, number `index` from 0, to `tree`, the root of `size` leaves."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == tree


def consistent(old: bytes, old_size: int, new: bytes, new_size: int, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree `new` of `new_size` leaves begins with the tree `old`."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old == new
    path = [old, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, step)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old and after == new
