"""Crafted distributions, each with PyPI's verdict and the gate's: what the gate is compared with, rule by rule.

PyPI's verdicts come from warehouse at commit 6b621571 and twine 7.0.0, run on such files without a network: twine reads
the file and sends its metadata, warehouse's upload view accepts or refuses it. Where the gate decides differently, the
table has the reason. docs/reference/gate.md has the rules, with an example of each.
"""
