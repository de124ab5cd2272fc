//! Whether a module or a component fits an import, as the validator sees it: both binaries are validated once more, side
//! by side. Follows Explainer.md, "Type Checking".

use std::sync::Arc;

use wasmparser::Validator;
use wasmparser::component_types::{ComponentEntityType, SubtypeCx};
use wasmparser::types::{Types, TypesRef};

use super::features;
use crate::plan::Path;

/// Where the definition of a module or a component is: a binary, and where it exports it; nowhere if it is the binary
/// itself.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) path: Path,
}

/// Checks that what is given fits an import of a component, and says why not.
pub(crate) fn fits(importer: &Place, import: &Path, given: &Place) -> Result<(), String> {
    let mut validator = Validator::new_with_features(features());
    let mut validate = |bytes: &[u8]| -> Result<Types, String> {
        validator.reset();
        validator.validate_all(bytes).map_err(|error| String::from(error.message()))
    };
    let expected_types = validate(&wrapped(&importer.bytes))?;
    let given_types = validate(&wrapped(&given.bytes))?;
    let (expected_ref, given_ref) = (expected_types.as_ref(), given_types.as_ref());
    let lost = || String::from("its type is not known");
    let importer = entity(expected_ref, whole(expected_ref), &importer.path).ok_or_else(lost)?;
    let expected = imported(expected_ref, importer, import).ok_or_else(lost)?;
    let given = entity(given_ref, whole(given_ref), &given.path).ok_or_else(lost)?;
    SubtypeCx::new_with_refs(given_ref, expected_ref)
        .component_entity_type(&given, &expected, 0)
        .map_err(|error| String::from(error.message()))
}

/// Returns a component that has the module or the component as its only definition.
fn wrapped(bytes: &[u8]) -> Vec<u8> {
    const CORE_MODULE_SECTION: u8 = 1;
    const COMPONENT_SECTION: u8 = 4;
    let is_module = wasmparser::Parser::is_core_wasm(bytes);
    let mut wrapper = Vec::from(b"\0asm\x0d\0\x01\0");
    wrapper.push(if is_module { CORE_MODULE_SECTION } else { COMPONENT_SECTION });
    let mut rest = bytes.len();
    loop {
        let low = u8::try_from(rest & 0x7f).expect("seven bits fit");
        rest >>= 7;
        wrapper.push(if rest == 0 { low } else { low | 0x80 });
        if rest == 0 {
            break;
        }
    }
    wrapper.extend_from_slice(bytes);
    wrapper
}

/// Returns the type of the only definition.
fn whole(types: TypesRef<'_>) -> ComponentEntityType {
    match types.module_count() {
        0 => ComponentEntityType::Component(types.component_at(0)),
        _ => ComponentEntityType::Module(types.module_at(0)),
    }
}

/// Follows exports.
fn entity(types: TypesRef<'_>, from: ComponentEntityType, path: &[Arc<str>]) -> Option<ComponentEntityType> {
    path.iter().try_fold(from, |from, name| match from {
        ComponentEntityType::Component(id) => types[id].exports.get(&**name).map(|item| item.ty),
        ComponentEntityType::Instance(id) => types[id].exports.get(&**name).map(|item| item.ty),
        ComponentEntityType::Module(_)
        | ComponentEntityType::Func(_)
        | ComponentEntityType::Value(_)
        | ComponentEntityType::Type { .. } => None,
    })
}

/// Returns the type of a component's import, or of what an imported instance exports.
fn imported(
    types: TypesRef<'_>,
    importer: ComponentEntityType,
    path: &[Arc<str>],
) -> Option<ComponentEntityType> {
    let (ComponentEntityType::Component(id), Some((name, rest))) = (importer, path.split_first()) else {
        return None;
    };
    entity(types, types[id].imports.get(&**name)?.ty, rest)
}
