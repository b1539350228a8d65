"""Boosted oblivious trees over codes: what predicts a code, what tells real rows from drawn ones, what chooses rows."""
