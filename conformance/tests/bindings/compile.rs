//! Compiles generated sources against the build of `component-linker` that the tests belong to.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A module with bindings.
pub(crate) struct Case {
    /// What the errors of the compiler are about.
    pub(crate) name: String,
    /// The input of `bindings!`.
    pub(crate) input: String,
    /// What stands beside it.
    pub(crate) beside: String,
}

/// How a compilation ended.
pub(crate) enum Compiled {
    Done,
    /// There is no compiler, or no build to compile against.
    Skipped(String),
    /// What the compiler says.
    Faults(String),
}

/// Compiles a crate with a module for each case. Warnings are faults.
pub(crate) fn compile(name: &str, cases: &[Case]) -> Compiled {
    let library = match library() {
        Ok(library) => library,
        Err(why) => return Compiled::Skipped(why),
    };
    let folder = folder(name);
    let mut source = String::from(
        "//! Bindings.\n#![forbid(unsafe_code)]\n#![deny(warnings, missing_docs, unreachable_pub)]\n\
         // What hides something of the bindings is told so.\n#![allow(hidden_glob_reexports)]\n",
    );
    for (i, Case { name, input, beside }) in cases.iter().enumerate() {
        writeln!(
            source,
            "/// {name}\npub mod case_{i} {{\n{beside}\n::component_linker::bindings!({{ {input} }});\n}}"
        )
        .expect("a text grows");
    }
    let file = folder.join("lib.rs");
    std::fs::write(&file, source).expect("the folder for temporary files can be written");
    let deps = library.parent().expect("it lies in a folder");
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "--crate-type", "lib", "--crate-name", "bindings_of_worlds"])
        .args(["--emit", "metadata", "--error-format", "short"])
        .arg("--out-dir")
        .arg(&folder)
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg("--extern")
        .arg(format!("component_linker={}", library.display()))
        .env("CARGO_MANIFEST_DIR", &folder)
        .arg(&file)
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return Compiled::Skipped(format!("rustc cannot be run: {error}")),
    };
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Compiled::Done
    } else if ["E0460", "E0461", "E0463", "E0514"].iter().any(|code| text.contains(code)) {
        // The library was built by another compiler, or parts of it are gone.
        Compiled::Skipped(text)
    } else {
        Compiled::Faults(text)
    }
}

/// Returns an empty folder for temporary files.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bindings").join(name);
    match std::fs::remove_dir_all(&folder) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => panic!("{}: {error}", folder.display()),
    }
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    folder
}

/// Returns the last build of `component-linker` among those beside the running test.
fn library() -> Result<PathBuf, String> {
    let test = std::env::current_exe().map_err(|error| error.to_string())?;
    let deps = test.parent().ok_or("the test lies nowhere")?;
    let entries = std::fs::read_dir(deps).map_err(|error| error.to_string())?;
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libcomponent_linker-") && name.ends_with(".rlib")
    };
    let built = |path: &PathBuf| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let libraries = entries.flatten().map(|entry| entry.path()).filter(is_library);
    libraries.max_by_key(built).ok_or_else(|| format!("no build of component-linker in {}", deps.display()))
}
