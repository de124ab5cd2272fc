//! The commands that validate, split and build components: their output, their files, and their
//! exit status.
//!
//! `UPDATE_EXPECT=1 cargo test -p lowlift --test tools` rewrites the expectations.

#[path = "tools/adapt.rs"]
mod adapt;
#[path = "tools/broken.rs"]
mod broken;
#[path = "tools/common.rs"]
mod common;
#[path = "tools/files.rs"]
mod files;
#[path = "tools/inspect.rs"]
mod inspect;
#[path = "tools/link.rs"]
mod link;
#[path = "tools/new.rs"]
mod new;
