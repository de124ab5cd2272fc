//! Resolved types as Canonical ABI types.
