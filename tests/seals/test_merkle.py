"""The tree against a naive one, and proofs that hold for what is true and for nothing else."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.merkle import (
    EMPTY,
    consistency_proof,
    consistent,
    grown,
    included,
    inclusion_proof,
    leaf_hash,
    packed,
    root,
    root_of,
    unpacked,
)
from verifier.verify import Tree

LEAVES = st.lists(st.binary(max_size=8).map(leaf_hash), min_size=1, max_size=70)


def naive(leaves):
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def test_the_known_tree():
    """The vectors of Certificate Transparency's own tests."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf_hash(bytes.fromhex(text)) for text in data]
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(LEAVES, st.data())
def test_growing_in_steps_gives_the_naive_root(leaves, data):
    frontier, size = (), 0
    while size < len(leaves):
        step = data.draw(st.integers(1, len(leaves) - size))
        frontier = grown(unpacked(packed(frontier), size), size, leaves[size : size + step])
        size += step
        assert root_of(frontier) == naive(leaves[:size])
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root() == root_of(frontier) and len(frontier) == size.bit_count()


@given(LEAVES, st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_place_alone(leaves, data):
    size, index = len(leaves), data.draw(st.integers(0, len(leaves) - 1))
    proof, tree = inclusion_proof(leaves, index), root(leaves)
    assert included(leaves[index], index, size, proof, tree)
    assert not included(leaf_hash(b"something else entirely"), index, size, proof, tree)
    assert not included(leaves[index], index, size, [*proof, tree], tree)
    assert not included(leaves[index], index, size, proof, EMPTY)
    if proof:
        assert not included(leaves[index], index, size, proof[:-1], tree)
        other = data.draw(st.integers(0, size - 1).filter(lambda at: leaves[at] != leaves[index] or at == index))
        if other != index:
            assert not included(leaves[other], index, size, proof, tree)


@given(LEAVES, st.data())
def test_a_consistency_proof_holds_for_a_beginning_alone(leaves, data):
    size = len(leaves)
    old_size = data.draw(st.integers(1, size))
    proof, old, new = consistency_proof(leaves, old_size), root(leaves[:old_size]), root(leaves)
    assert consistent(old, old_size, new, size, proof)
    changed = [*leaves]
    changed[data.draw(st.integers(0, old_size - 1))] = leaf_hash(b"something else entirely")
    assert not consistent(root(changed[:old_size]), old_size, new, size, proof)
    assert not consistent(old, old_size, root(changed), size, proof)
    assert not consistent(old, old_size, root(changed), size, consistency_proof(changed, old_size))
    assert not consistent(old, old_size, new, size, [*proof, new])


@pytest.mark.parametrize(("size", "index"), [(0, 0), (3, 3), (3, -1)])
def test_what_is_not_there_has_no_proof(size, index):
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    with pytest.raises(ValueError, match="no such"):
        inclusion_proof(leaves, index)
    assert not included(EMPTY, index, size, [], EMPTY)


def test_a_frontier_of_another_size_is_refused():
    with pytest.raises(ValueError, match="no frontier"):
        unpacked(bytes(32), 3)
