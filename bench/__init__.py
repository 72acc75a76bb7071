"""Benchmarks: each prints ratios against its peers in the same run."""
