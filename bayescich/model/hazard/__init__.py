"""The hot likelihood as one operation: value and gradient in one pass over the spells.

``arrays`` says what is passed, ``kernel`` computes it in numba, ``operation`` makes it a node of a
PyTensor graph, ``jax_twin`` computes the same in JAX.
"""
