"""Seeded simulation: real ccxt, real SQLite and the whole program in virtual time.

``python -m tests.simulation --seeds N --from M`` runs at scale; see ``__main__``. The parts,
each below those that use it: ``loop`` time that jumps · ``chance`` one seed decides everything
· ``points`` where a process can die · ``process`` what a kill takes away · ``threads`` the
ledger's thread inside the loop · ``faults`` what can go wrong · ``tape`` what left and what
arrived · ``transport`` the bytes between ccxt and the exchange · ``world`` exchange, prices,
people · ``program`` what one process does · ``witness``, ``orders_law``, ``rest_law``,
``books_law``, ``transfers_law``, ``stops_law`` and ``ends_law`` the laws, ``stop_chance`` what
happens to stops by itself, ``laws`` their table · ``seed`` one seed from begin to
end · ``scenes`` and ``kill_matrix`` every kill in small scenes · ``planting`` and ``planted`` bugs
that must be caught, ``bug_table`` which law catches them · ``determinism`` two processes, one
trace · ``shrink`` what a failing seed needs to fail.
"""
