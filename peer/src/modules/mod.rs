//! `peer core`: random core modules, run here and by the peer.
//!
//! A module is wasm-smith's, with everything exported and its own count of fuel, which ends it at
//! the same place on both sides. Each of its functions is called a few times in one instance.
//! Results, traps, and at the end memories, tables and globals must be equal. NaNs are canonical:
//! wasm-smith puts the instructions for that into the module, for the specification leaves their
//! bits open.

mod generate;
mod ours;
mod theirs;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::fault::Fault;
use generate::{ModuleCase, entropy, module_case};

/// What `peer core` is given.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Args {
    /// How many modules
    #[arg(long, default_value_t = 10_000)]
    cases: u64,
    /// The seed that they are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which module to start with: a difference names its own
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// A value, as far as engines can be compared: references are null or not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Word {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    V128(u128),
    Null,
    Reference,
}

/// What is seen of a module.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Seen {
    /// The trap of its instantiation; nothing else is seen then.
    pub(crate) start: Option<Fault>,
    pub(crate) calls: Vec<Result<Vec<Word>, Fault>>,
    /// The exported globals, memories and tables by name. Of a memory, its bytes without zeros at
    /// the end, and its size.
    pub(crate) globals: BTreeMap<String, Word>,
    pub(crate) memories: BTreeMap<String, (Vec<u8>, usize)>,
    pub(crate) tables: BTreeMap<String, Vec<bool>>,
}

/// Both engines.
#[derive(Clone)]
struct Engines {
    ours: jit::Engine,
    theirs: wasmtime::Engine,
}

/// How much stack a guest gets: more than the deepest recursion that its fuel allows.
const GUEST_STACK_BYTES: usize = 1 << 20;
const THREAD_STACK_BYTES: usize = 16 << 20;

/// The result of a comparison.
enum Verdict {
    Same(Box<Seen>),
    Different(Box<Difference>),
}

/// What each engine does with the same module.
struct Difference {
    ours: Result<Seen, String>,
    theirs: Result<Seen, String>,
}

#[derive(Default)]
struct Tally {
    n_modules: u64,
    n_calls: u64,
    n_returned: u64,
    traps: BTreeMap<Fault, u64>,
}

/// Runs the modules and reports. The status is 1 if there is a difference.
pub(crate) fn run(args: Args) -> wasmtime::Result<ExitCode> {
    let engines =
        Engines { ours: ours::engine(GUEST_STACK_BYTES)?, theirs: theirs::engine(GUEST_STACK_BYTES)? };
    let start = Instant::now();
    let (next, done, stop) = (AtomicU64::new(args.from), AtomicU64::new(0), AtomicBool::new(false));
    let tally = Mutex::new(Tally::default());
    let found = Mutex::new(Vec::new());
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number - args.from >= args.cases {
                break;
            }
            let entropy = entropy(args.seed, number);
            match compare(&engines, &module_case(&entropy)) {
                Verdict::Same(seen) => count(&mut tally.lock().expect("no thread panics"), *seen),
                Verdict::Different(_) => {
                    stop.store(true, Ordering::Relaxed);
                    found.lock().expect("no thread panics").push((number, entropy));
                }
            }
            let n_done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if n_done.is_multiple_of(1000) {
                eprintln!("{n_done} of {} modules, {} s", args.cases, start.elapsed().as_secs());
            }
        }
    };
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            let builder = std::thread::Builder::new().stack_size(THREAD_STACK_BYTES);
            builder.spawn_scoped(scope, work).expect("a thread starts");
        }
    });
    let tally = tally.into_inner().expect("no thread panics");
    let Tally { n_modules, n_calls, n_returned, traps } = tally;
    println!("{n_modules} modules agree: {n_calls} calls, {n_returned} of them returned");
    for (fault, n) in traps {
        println!("  {n:>8}  {fault:?}");
    }
    println!("{:.1} s", start.elapsed().as_secs_f64());
    let found = found.into_inner().expect("no thread panics").into_iter().min_by_key(|(number, _)| *number);
    let Some((number, entropy)) = found else { return Ok(ExitCode::SUCCESS) };
    println!("\nA difference, found with --seed {} --from {number}", args.seed);
    report(&engines, &entropy);
    Ok(ExitCode::FAILURE)
}

fn compare(engines: &Engines, case: &ModuleCase) -> Verdict {
    let ours = ours::run(&engines.ours, case);
    let theirs = theirs::run(&engines.theirs, case);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if ours == theirs => Verdict::Same(Box::new(ours)),
        (ours, theirs) => Verdict::Different(Box::new(Difference { ours, theirs })),
    }
}

fn count(tally: &mut Tally, seen: Seen) {
    tally.n_modules += 1;
    tally.n_calls += seen.calls.len() as u64;
    for outcome in seen.calls.into_iter().map(|call| call.map(drop)).chain(seen.start.map(Err)) {
        match outcome {
            Ok(()) => tally.n_returned += 1,
            Err(fault) => *tally.traps.entry(fault).or_default() += 1,
        }
    }
}

/// Makes the module small and prints it with the calls that differ, as a script of the suites'
/// kind.
fn report(engines: &Engines, entropy: &[u8]) {
    let case = shrink(engines, entropy);
    let Verdict::Different(difference) = compare(engines, &case) else {
        println!("It does not come again: an engine does not answer the same each time.");
        return;
    };
    match (&difference.ours, &difference.theirs) {
        (Ok(ours), Ok(theirs)) => {
            println!("instantiation: Lowlift {:?}, peer {:?}", ours.start, theirs.start);
            for (i, (a, b)) in ours.calls.iter().zip(&theirs.calls).enumerate() {
                let mark = if a == b { "" } else { "   <- differs" };
                println!("call {i}: Lowlift {a:x?}, peer {b:x?}{mark}");
            }
            println!("globals: Lowlift {:x?}\n         peer    {:x?}", ours.globals, theirs.globals);
            println!("memories equal: {}", ours.memories == theirs.memories);
            println!("tables equal: {}", ours.tables == theirs.tables);
        }
        (ours, theirs) => {
            println!("Lowlift: {:?}\npeer: {:?}", ours.as_ref().err(), theirs.as_ref().err());
        }
    }
    let wat = wasmprinter::print_bytes(&case.wasm);
    println!("\n{}", wat.unwrap_or_else(|error| format!(";; not printable: {error}")));
    for (name, args) in &case.calls {
        println!("(invoke {name:?} {args:x?})");
    }
}

/// Returns a smaller case that differs: from less entropy, then with fewer calls.
fn shrink(engines: &Engines, entropy: &[u8]) -> ModuleCase {
    let differs = |case: &ModuleCase| matches!(compare(engines, case), Verdict::Different(_));
    let mut best = entropy.to_vec();
    let mut cut = best.len() / 2;
    while cut > 0 {
        let shorter = &best[..best.len().saturating_sub(cut)];
        if differs(&module_case(shorter)) {
            best.truncate(best.len() - cut);
        } else {
            cut /= 2;
        }
    }
    let mut case = module_case(&best);
    let mut i = 0;
    while i < case.calls.len() {
        let mut fewer = case.clone();
        fewer.calls.remove(i);
        if differs(&fewer) {
            case = fewer;
        } else {
            i += 1;
        }
    }
    case
}
