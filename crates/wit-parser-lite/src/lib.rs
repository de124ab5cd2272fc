//! A small WIT front end.
#![forbid(unsafe_code)]
