"""What the fused likelihoods share as nodes of a graph: value and gradient come together."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph import Apply, Op


class FusedOp(Op):
    """A log-likelihood and its gradient in the first inputs; the rest are data.

    The gradient is computed with the value, so ``pullback`` only multiplies.
    """

    learnt: int
    """How many inputs are learnt; as many outputs follow the value."""

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Take the learnt tensors, then the data."""
        tensors = [pt.as_tensor_variable(value) for value in inputs]
        outputs = [pt.dscalar(), *(tensor.type() for tensor in tensors[: self.learnt])]
        return Apply(self, tensors, outputs)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Multiply the gradient that came with the value."""
        seed = cotangents[0]
        found = [seed * gradient for gradient in outputs[1:]]
        return [*found, *(DisconnectedType()() for _ in inputs[self.learnt :])]

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Say that only the value counts, and only the learnt inputs lead to it."""
        nothing = [False] * self.learnt
        return [[k < self.learnt, *nothing] for k in range(len(node.inputs))]
