"""The outside world, one outside thing each; the only room that knows a library of it.

A package for each venue, on what they share (``frame``) and on how ccxt is spoken to (``wire``);
``ledger``, ``paper``, ``notify`` and ``references``; beside them what opens a venue and joins two.
"""
