"""What a ledger and its orders survive: failing system calls, lost power, real kills.

Everything here is real: SQLite on files, processes that are forked and killed, requests over
loopback sockets to the local exchange. ``python -m tests.durability MATRIX`` runs one matrix
whole; the tests of this folder run samples of the same matrices.
"""
