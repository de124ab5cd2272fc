//! Runs a case under valgrind and reads its count.

use crate::cases::Case;
use crate::whole::WASI_FOLDER;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Valgrind, and what cases need to know.
pub(crate) struct Valgrind {
    program: PathBuf,
    wasi: PathBuf,
}

impl Valgrind {
    /// Returns what counts, or says why nothing can be counted here.
    pub(crate) fn find() -> Result<Self, String> {
        let answer = Command::new("valgrind").arg("--version").output();
        if !answer.is_ok_and(|output| output.status.success()) {
            return Err("instructions are counted by valgrind, and `valgrind` cannot be run: install it, for example \
                        with `apt-get install valgrind`"
                .to_owned());
        }
        let program = std::env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
        Ok(Self { program, wasi: wasi_folder()? })
    }

    /// Returns how many instructions one round of the case takes.
    pub(crate) fn count(&self, case: &Case) -> Result<u64, String> {
        let once = self.run(case, case.rounds)?;
        let twice = self.run(case, 2 * case.rounds)?;
        let rounds = u64::from(case.rounds);
        Ok((twice.saturating_sub(once) + rounds / 2) / rounds)
    }

    fn run(&self, case: &Case, rounds: u32) -> Result<u64, String> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&self.program)
            .args(["--run", case.name, &rounds.to_string()])
            .env(WASI_FOLDER, &self.wasi)
            .output()
            .map_err(|error| format!("valgrind: {error}"))?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let count = collected(&stderr).filter(|_| output.status.success());
        count.ok_or_else(|| format!("{}: valgrind says:\n{}", case.name, stderr.trim_end()))
    }
}

/// Reads the count out of what callgrind says at its end: `==7== Collected : 123`.
fn collected(stderr: &str) -> Option<u64> {
    let line = stderr.lines().rev().find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

/// Returns the folder of the package wasi:http and of those that it depends on: all of WASI 0.2. It
/// lies among the tests of the package wit-component.
fn wasi_folder() -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let package = packages.iter().find(|package| package["name"] == "wit-component");
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let folder = manifest.and_then(|manifest| Path::new(manifest).parent());
    let folder = folder.ok_or("cargo metadata does not list wit-component, which has the WIT of WASI")?;
    Ok(folder.join("tests/interfaces/wasi-http"))
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn the_count_is_read() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 123\n==7==\n"), Some(123));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
    }
}
