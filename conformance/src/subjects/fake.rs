//! A subject for unit tests that reads its behaviour out of names and bytes instead of running
//! anything.
//!
//! A component that contains a word in its bytes has that property: `invalid`, `unsupported`,
//! `traps` (on instantiation), `panics` (on definition). Its functions are the names that
//! [`Fake::invoke`] knows.

use super::{DefinitionId, Failure, FailureKind, InstanceId, Subject, Val};
use std::time::Duration;

/// The subject; keeps the binaries it was given.
#[derive(Default)]
pub(crate) struct Fake {
    binaries: Vec<Vec<u8>>,
    instances: u32,
}

fn says(wasm: &[u8], word: &str) -> bool {
    wasm.windows(word.len()).any(|window| window == word.as_bytes())
}

impl Subject for Fake {
    fn define(&mut self, wasm: &[u8]) -> Result<DefinitionId, Failure> {
        assert!(!says(wasm, "panics"), "the fake was told to panic");
        if says(wasm, "unsupported") {
            return Err(Failure::new(FailureKind::Unsupported, "not supported yet: the unsupported"));
        }
        self.validate(wasm)?;
        self.binaries.push(wasm.to_vec());
        Ok(DefinitionId(u32::try_from(self.binaries.len() - 1).unwrap()))
    }

    fn validate(&mut self, wasm: &[u8]) -> Result<(), Failure> {
        if says(wasm, "invalid") {
            return Err(Failure::new(FailureKind::Invalid, "this says that it is invalid (at offset 0x1f)"));
        }
        Ok(())
    }

    fn instantiate(
        &mut self,
        definition: DefinitionId,
        named: &[(String, InstanceId)],
    ) -> Result<InstanceId, Failure> {
        let wasm = &self.binaries[usize::try_from(definition.0).unwrap()];
        if says(wasm, "traps") {
            return Err(Failure::new(FailureKind::Trap, "the start function trapped"));
        }
        if says(wasm, "needs-helper") && !named.iter().any(|(name, _)| name == "helper") {
            return Err(Failure::new(FailureKind::Unlinkable, "import `helper` is not met"));
        }
        self.instances += 1;
        Ok(InstanceId(self.instances - 1))
    }

    fn invoke(&mut self, instance: InstanceId, name: &str, args: &[Val]) -> Result<Vec<Val>, Failure> {
        match name {
            "nothing" => Ok(vec![]),
            "which" => Ok(vec![Val::U32(instance.0)]),
            "echo" => Ok(args.to_vec()),
            "trap" => Err(Failure::new(FailureKind::Trap, "wasm trap: the fake's own")),
            "throw" => Err(Failure::new(FailureKind::Exception, "thrown")),
            "panic" => panic!("the fake was told to panic"),
            "hang" => loop {
                std::thread::sleep(Duration::from_secs(1));
            },
            name => Err(Failure::new(FailureKind::Misuse, format!("no function {name}"))),
        }
    }

    fn get(&mut self, instance: InstanceId, _name: &str) -> Result<Val, Failure> {
        Ok(Val::U32(instance.0))
    }

    fn register(&mut self, _instance: InstanceId, _name: &str) -> Result<(), Failure> {
        Ok(())
    }
}
