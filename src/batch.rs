//! Answers without a terminal: ask, write tables.
