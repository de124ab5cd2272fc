//! What `peer calls` prints.

use std::fmt::Write;
use std::time::Duration;

use super::case::{Case, Drive, Outcome};
use super::compare::{Difference, Verdict, compare, meaning};
use super::image::Image;
use super::shape::Shape;
use super::shrink::shrink;
use super::{Engines, Found, Subject, Tally};

/// Returns the figures of a run.
pub(crate) fn summary(tally: &Tally, time: Duration) -> String {
    let Tally { n_shapes, n_cases, n_misfits, n_returned, traps, known } = tally;
    let mut text = format!(
        "{n_cases} cases of {n_shapes} function types agree: {n_returned} returned, {} trapped\n",
        traps.values().sum::<u64>()
    );
    for (fault, n) in traps {
        writeln!(text, "  {n:>8}  {fault:?}").expect("a String takes all");
    }
    for (known, n) in known {
        writeln!(text, "  {n:>8}  known to differ: {known}").expect("a String takes all");
    }
    if *n_misfits > 0 {
        writeln!(text, "  {n_misfits:>8}  not made: values too large for the memory")
            .expect("a String takes all");
    }
    writeln!(text, "{:.1} s", time.as_secs_f64()).expect("a String takes all");
    text
}

/// Returns a difference, made small, as a script that shows it.
pub(crate) fn difference(engines: &Engines, seed: u64, found: &Found) -> String {
    let (sketch, recipe) = shrink(engines, &found.sketch, &found.recipe);
    let subject = Subject::new(engines, &sketch);
    let mut text = format!("\nA difference, found with --seed {seed} --from {}\n", found.number);
    let (Some(Verdict::Different(difference)), Some(case)) =
        (compare(&subject, &recipe), recipe.case(&subject.shape))
    else {
        text.push_str("It does not come again: an engine does not answer the same each time.\n");
        return text;
    };
    let Difference { what, plain, ours, linked, theirs } = *difference;
    let shape = &subject.shape;
    let mut answers = vec![("plain", Ok(plain)), ("Lowlift", ours), ("peer", theirs)];
    answers.extend(linked.map(|linked| ("Lowlift, linked file", linked)));
    writeln!(text, "{what}: {shape}").expect("a String takes all");
    for (who, outcome) in answers {
        writeln!(text, "\n{who}: {}", answer(shape, &case, &outcome)).expect("a String takes all");
    }
    text.push('\n');
    text.push_str(&script(&subject.bytes, &case));
    text
}

fn answer(shape: &Shape, case: &Case, outcome: &Result<Outcome, String>) -> String {
    match outcome {
        Err(error) => format!("not compiled: {error}"),
        Ok(Err(fault)) => format!("traps, {fault:?}"),
        Ok(Ok(run)) => {
            format!("{run:?}\n{}", meaning(shape, case, run))
        }
    }
}

/// Returns the component and the calls of the case, as a script of the suites' kind.
fn script(bytes: &[u8], case: &Case) -> String {
    let wat = wasmprinter::print_bytes(bytes).unwrap_or_else(|error| format!(";; not printable: {error}"));
    let calls = match &case.drive {
        Drive::Raw(image) => format!("{}(invoke \"run\")\n", preset("preset-a", image)),
        Drive::Host(values) => {
            let image = Image { free: 8, ..Image::default() };
            format!("{}(invoke \"f\") ;; with {values:?}\n", preset("preset-a", &image))
        }
    };
    format!("{wat}\n{}{calls}(invoke \"dump-a\")\n(invoke \"dump-b\")\n", preset("preset-b", &case.callee))
}

fn preset(name: &str, image: &Image) -> String {
    fn list(ty: &str, values: impl Iterator<Item = u64>) -> String {
        let values: Vec<_> = values.map(|value| format!(" ({ty}.const {value})")).collect();
        format!("(list.const{})", values.concat())
    }
    let Image { memory, free, slots, answers } = image;
    format!(
        "(invoke \"{name}\"\n  {}\n  (u32.const {free})\n  {}\n  {})\n",
        list("u8", memory.iter().map(|byte| u64::from(*byte))),
        list("u64", slots.iter().copied()),
        list("u32", answers.iter().map(|answer| u64::from(*answer))),
    )
}
