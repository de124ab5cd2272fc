//! How time grows with an input: each kind at n, 2n, 4n and 8n, and the exponent.
//!
//! `cargo bench -p benches --bench growth` prints the table of `benches/GROWTH.md`; with words
//! after `--`, only the kinds whose names have one of them. A kind is one line of `KINDS` in its
//! file: a name, the smallest n, and a function that makes the input of size n and the work to be
//! timed.

mod core;
mod wit;

use std::time::{Duration, Instant};

/// An input that grows.
pub(crate) struct Kind {
    name: &'static str,
    n: usize,
    make: fn(usize) -> Work,
}

/// What is timed, and the bytes of its input.
pub(crate) struct Work {
    n_bytes: usize,
    run: Box<dyn FnMut()>,
}

impl Kind {
    pub(crate) const fn new(name: &'static str, n: usize, make: fn(usize) -> Work) -> Self {
        Self { name, n, make }
    }
}

impl Work {
    pub(crate) fn new(n_bytes: usize, run: impl FnMut() + 'static) -> Self {
        Self { n_bytes, run: Box::new(run) }
    }
}

/// What each size is multiplied by.
const SIZES: [usize; 4] = [1, 2, 4, 8];

fn main() {
    // `cargo bench` passes `--bench`.
    let words: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    println!("| kind | n | bytes | n | 2n | 4n | 8n | exponent |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for kind in core::KINDS.iter().chain(wit::KINDS).filter(|kind| wanted(kind.name)) {
        let works: Vec<_> = SIZES.iter().map(|&size| (kind.make)(kind.n * size)).collect();
        let n_bytes = works.last().map_or(0, |work| work.n_bytes);
        let times: Vec<_> = works.into_iter().map(mean).collect();
        let shown: Vec<_> = times.iter().map(|&time| shown(time)).collect();
        let exponent = exponent(&times);
        println!("| {} | {} | {n_bytes} | {} | {exponent:.1} |", kind.name, kind.n, shown.join(" | "));
    }
}

/// Returns how long this thread has run so far: what else the machine does is not counted. Where
/// the system doesn't say, the time of day serves.
fn now(begin: Instant) -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| begin.elapsed(), Duration::from_nanos)
}

/// Returns how long a run takes: the mean of as many as take long together, since the system counts
/// in ticks of some milliseconds.
fn mean(mut work: Work) -> Duration {
    const LONG: Duration = Duration::from_millis(200);
    let begin = Instant::now();
    let start = now(begin);
    let mut n_runs = 0;
    loop {
        (work.run)();
        n_runs += 1;
        let taken = now(begin).saturating_sub(start);
        if taken >= LONG || begin.elapsed() > 5 * LONG {
            return taken / n_runs;
        }
    }
}

/// Returns the slope of the line that fits best through the logarithms of size and time.
fn exponent(times: &[Duration]) -> f64 {
    let points: Vec<_> =
        SIZES.iter().zip(times).map(|(&size, time)| ((size as f64).ln(), time.as_secs_f64().ln())).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let slope: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    slope / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        1e6.. => format!("{:.1} s", micros / 1e6),
        1e3.. => format!("{:.1} ms", micros / 1e3),
        _ => format!("{micros:.0} µs"),
    }
}
