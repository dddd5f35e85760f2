"""Seeded simulation: real ccxt, real SQLite and the whole program in virtual time.

``python -m tests.simulation --seeds N --from M`` runs at scale; see ``__main__``. The parts,
each below those that use it: ``loop`` time that jumps · ``chance`` one seed decides everything
· ``process`` what a kill takes away · ``threads`` the ledger's thread inside the loop · ``faults``
what can go wrong · ``tape`` what left and what arrived · ``transport`` the bytes between ccxt
and the exchange · ``world`` exchange, prices, people · ``program`` what one process does
· ``orders_law`` and ``rest_law`` the invariants · ``seed`` one seed from begin to end ·
``planted`` bugs that must be caught · ``shrink`` what a failing seed needs to fail.
"""
