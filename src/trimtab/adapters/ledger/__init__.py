"""The parts of the SQL ledger. Only :mod:`trimtab.adapters.ledger.sql_ledger` puts them together.

``rules``, ``rows``, ``chain``, ``entries``, ``projection`` and ``export`` are pure and import
no database library; ``schema``, ``writes``, ``reads``, ``verification``, ``engine`` and
``migrate`` pay for SQLAlchemy. Source: docs/design/0004-ledger.md.
"""
