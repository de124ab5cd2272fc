//! Makes a difference small: fewer changes, fewer parameters, simpler types, then simpler values.

use canonical_abi::arbitrary::TypeTree;
use proptest::strategy::{Strategy, ValueTree};

use super::case::{Recipe, any_recipe};
use super::compare::{Verdict, compare};
use super::shape::Sketch;
use super::{Engines, Subject};
use crate::random;

/// How many random cases a smaller shape gets to show the difference.
const TRIES: u32 = 400;

/// Returns a smaller sketch and recipe that still differ, as far as any are found.
pub(crate) fn shrink(engines: &Engines, sketch: &Sketch, recipe: &Recipe) -> (Sketch, Recipe) {
    let (mut sketch, mut recipe) = (sketch.clone(), recipe.clone());
    'smaller: loop {
        for candidate in smaller_sketches(&sketch) {
            if let Some(found) = search(engines, &candidate, recipe.from_host) {
                (sketch, recipe) = (candidate, found);
                continue 'smaller;
            }
        }
        break;
    }
    let subject = Subject::new(engines, &sketch);
    'fewer: loop {
        for i in 0..recipe.changes.len() {
            let mut candidate = recipe.clone();
            candidate.changes.remove(i);
            if differs(&subject, &candidate) {
                recipe = candidate;
                continue 'fewer;
            }
        }
        break;
    }
    (sketch, recipe)
}

fn differs(subject: &Subject, recipe: &Recipe) -> bool {
    matches!(compare(subject, recipe), Some(Verdict::Different(_)))
}

/// Looks for a case of this shape that differs, and simplifies its values and changes.
fn search(engines: &Engines, sketch: &Sketch, from_host: bool) -> Option<Recipe> {
    let subject = Subject::new(engines, sketch);
    let recipes = any_recipe(&subject.shape);
    let mut runner = random::runner(0, 0);
    for _ in 0..TRIES {
        let mut tree = recipes.new_tree(&mut runner).expect("strategies without filters");
        let recipe = tree.current();
        if recipe.from_host != from_host || !differs(&subject, &recipe) {
            continue;
        }
        let mut best = recipe;
        let mut budget = 2000;
        let mut more = tree.simplify();
        while more && budget > 0 {
            budget -= 1;
            let candidate = tree.current();
            if differs(&subject, &candidate) {
                best = candidate;
                more = tree.simplify();
            } else {
                more = tree.complicate();
            }
        }
        return Some(best);
    }
    None
}

/// Returns sketches with a parameter or the result left out, or one type simplified.
fn smaller_sketches(sketch: &Sketch) -> Vec<Sketch> {
    let mut smaller = vec![];
    for i in 0..sketch.params.len() {
        let mut fewer = sketch.clone();
        fewer.params.remove(i);
        smaller.push(fewer);
    }
    if sketch.result.is_some() {
        smaller.push(Sketch { result: None, ..sketch.clone() });
    }
    if sketch.has_post_return {
        smaller.push(Sketch { has_post_return: false, ..sketch.clone() });
    }
    for i in 0..sketch.params.len() {
        for tree in smaller_trees(&sketch.params[i]) {
            let mut simpler = sketch.clone();
            simpler.params[i] = tree;
            smaller.push(simpler);
        }
    }
    for tree in sketch.result.iter().flat_map(smaller_trees) {
        smaller.push(Sketch { result: Some(tree), ..sketch.clone() });
    }
    smaller
}

/// Returns the parts of a type, and the type with one part fewer or simpler.
fn smaller_trees(tree: &TypeTree) -> Vec<TypeTree> {
    let within = |part: &TypeTree, wrap: &dyn Fn(Box<TypeTree>) -> TypeTree| {
        let mut smaller = vec![part.clone()];
        smaller.extend(smaller_trees(part).into_iter().map(|part| wrap(Box::new(part))));
        smaller
    };
    match tree {
        TypeTree::Leaf(_) | TypeTree::Enum(1) | TypeTree::Flags(1) => vec![],
        TypeTree::Enum(_) => vec![TypeTree::Enum(1)],
        TypeTree::Flags(_) => vec![TypeTree::Flags(1)],
        TypeTree::List(part) => within(part, &TypeTree::List),
        TypeTree::FixedLengthList(part, n) => within(part, &|part| TypeTree::FixedLengthList(part, *n)),
        TypeTree::Map(key, part) => within(part, &|part| TypeTree::Map(*key, part)),
        TypeTree::Option(part) => within(part, &TypeTree::Option),
        TypeTree::Record(parts) => fewer_or_simpler(parts, &TypeTree::Record),
        TypeTree::Tuple(parts) => fewer_or_simpler(parts, &TypeTree::Tuple),
        TypeTree::Variant(cases) => smaller_cases(cases),
        TypeTree::Result(ok, err) => {
            let parts = [ok, err].into_iter().flatten().map(|part| (**part).clone());
            let mut smaller: Vec<_> = parts.collect();
            if ok.is_some() {
                smaller.push(TypeTree::Result(None, err.clone()));
            }
            if err.is_some() {
                smaller.push(TypeTree::Result(ok.clone(), None));
            }
            let simpler =
                |part: &Option<Box<TypeTree>>| part.as_ref().map_or(vec![], |part| smaller_trees(part));
            smaller
                .extend(simpler(ok).into_iter().map(|ok| TypeTree::Result(Some(Box::new(ok)), err.clone())));
            smaller.extend(
                simpler(err).into_iter().map(|err| TypeTree::Result(ok.clone(), Some(Box::new(err)))),
            );
            smaller
        }
    }
}

fn fewer_or_simpler(parts: &[TypeTree], wrap: &dyn Fn(Vec<TypeTree>) -> TypeTree) -> Vec<TypeTree> {
    let mut smaller = parts.to_vec();
    for i in (0..parts.len()).filter(|_| parts.len() > 1) {
        let mut fewer = parts.to_vec();
        fewer.remove(i);
        smaller.push(wrap(fewer));
    }
    for i in 0..parts.len() {
        for part in smaller_trees(&parts[i]) {
            let mut simpler = parts.to_vec();
            simpler[i] = part;
            smaller.push(wrap(simpler));
        }
    }
    smaller
}

fn smaller_cases(cases: &[Option<TypeTree>]) -> Vec<TypeTree> {
    let mut smaller: Vec<_> = cases.iter().flatten().cloned().collect();
    for i in (0..cases.len()).filter(|_| cases.len() > 1) {
        let mut fewer = cases.to_vec();
        fewer.remove(i);
        smaller.push(TypeTree::Variant(fewer));
    }
    for i in 0..cases.len() {
        let Some(part) = &cases[i] else { continue };
        for case in smaller_trees(part).into_iter().map(Some).chain([None]) {
            let mut simpler = cases.to_vec();
            simpler[i] = case;
            smaller.push(TypeTree::Variant(simpler));
        }
    }
    smaller
}
