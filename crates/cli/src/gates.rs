//! `--features` and `--all-features`: which gated items of WIT are included, and a word about those
//! that are not. Follows WIT.md, "Feature Gates".

use std::collections::BTreeSet;

use wit_parser_lite::load::Tree;
use wit_parser_lite::{Attributes, Features, Owner, PackageId, Resolved, WorldItem, WorldItemKind};

/// The features of a command that reads WIT.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct GateArgs {
    /// Takes in items gated by `@unstable` with one of these features.
    #[arg(long, value_delimiter = ',', value_name = "FEATURE,…")]
    features: Vec<String>,
    /// Takes in all gated items. Those of a package in binary form always are.
    #[arg(long, conflicts_with = "features")]
    all_features: bool,
}

impl GateArgs {
    /// Returns the features.
    pub(crate) fn features(&self) -> Features {
        if self.all_features { Features::All } else { Features::only(self.features.iter().cloned()) }
    }
}

/// Returns a remark about the items of a tree that gates leave out, if there are any.
pub(crate) fn left_out(tree: &Tree, features: &Features) -> Option<String> {
    if *features == Features::All || !tree.all_files().any(|(_, text)| text.contains("@unstable")) {
        return None;
    }
    // If something is wrong in what is left out, nobody asked for it.
    let all = tree.parse(&Features::All).ok()?;
    let (mut total, mut names, mut packages) = (0, BTreeSet::new(), Vec::new());
    for (package, _) in all.packages() {
        let before = total;
        for_each_item(&all, package, &mut |attributes| {
            if let Some(feature) = &attributes.unstable
                && !features.contains(feature)
            {
                total += 1;
                names.insert(feature.clone());
            }
        });
        if total > before {
            packages.push(all.package_name(package));
        }
    }
    let what = if total == 1 { "1 item".to_owned() } else { format!("{total} items") };
    let names = names.into_iter().collect::<Vec<_>>().join(",");
    let packages = packages.join(", ");
    (total > 0).then(|| {
        format!(
            "`@unstable` gates leave out {what} of {packages}: take them in with `--features {names}` or \
             `--all-features`"
        )
    })
}

/// Calls `f` with the attributes of every item that `package` defines.
fn for_each_item<'a>(resolved: &'a Resolved, package: PackageId, f: &mut impl FnMut(&'a Attributes)) {
    let is_own = |owner: Owner| resolved.owner_package(owner) == package;
    let types = resolved.types().filter(|(_, ty)| ty.name.is_some() && is_own(ty.owner));
    types.for_each(|(_, ty)| f(&ty.attributes));
    resolved.functions().filter(|(_, it)| is_own(it.owner)).for_each(|(_, it)| f(&it.attributes));
    resolved.interfaces().filter(|(_, it)| it.package == package).for_each(|(_, it)| f(&it.attributes));
    for (_, world) in resolved.worlds().filter(|(_, it)| it.package == package) {
        f(&world.attributes);
        // Functions and types of a world were counted above.
        let is_interface = |item: &&WorldItem| matches!(item.kind, WorldItemKind::Interface(_));
        world.imports.iter().chain(&world.exports).filter(is_interface).for_each(|item| f(&item.attributes));
    }
}
