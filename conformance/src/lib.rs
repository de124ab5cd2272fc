//! Runs the official suites.
