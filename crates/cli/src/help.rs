//! What `--help` says after the options of each subcommand: examples, and the exit status.

/// Returns examples, and what the exit status means.
macro_rules! help {
    ($([$example:literal, $meaning:literal]),* $(,)?) => {
        concat!(
            "Examples:\n",
            $("  ", $example, "\n      ", $meaning, "\n",)*
            "\nExit status: 0 success, 1 bad input, 2 wrong usage, 134 a trap in the guest"
        )
    };
}

pub(crate) const CALL: &str = "\
Examples:
  lowlift call plugin.wasm 'process({id: 7, payload: [1, 2, 3]})'
  lowlift call counter.wasm 'counter(7)' 'counter.add($0, 2)' 'counter.get($0)' 'drop($0)'
  lowlift call plugin.wasm @calls.txt
  lowlift call --repl plugin.wasm

Several calls are made on one instance. `$0` is the result of the first, `$0.name`, `$0[2]`,
`$0.some` and `$0.ok` are parts of it. A resource is printed as `resource counter #1`. As an
argument it is `$0` or `#1`; the function's type says whether it is lent or given away.
`counter(7)` is its constructor, `counter.add` a method or a static function. The first call
that fails is the last.

A result is cut after 1 MiB of its text, and a note on standard error says so; `--full` prints
all of it.

Exit status:
  0    every call returned
  1    bad input: the file, a name, an argument, an import that is not provided
  2    usage
  134  the guest trapped; the message and a backtrace are on standard error";
pub(crate) const LAYOUT: &str = help!(
    ["lowlift layout wit/", "shows all types of a package"],
    ["lowlift layout app.wasm --format html > layout.html", "makes a page of the types of a component"],
);
pub(crate) const DESCRIBE: &str = help!(
    ["lowlift describe wit/ process", "shows the core signature of a function"],
    ["lowlift describe app.wasm --format json", "shows those of all functions as JSON"],
);
pub(crate) const TRACE: &str = "\
Examples:
  lowlift trace plugin.wasm 'process({id: 7, payload: [1, 2, 3]})'
  lowlift trace counter.wasm 'counter(7)' 'counter.get($0)'
  lowlift trace --format html -o trace.html plugin.wasm @calls.txt

The calls are those of `lowlift call`. Calls that the guest makes of its imports are listed, with
`--stub-imports` as far as they come. At most 10,000 steps of a call are shown, 4,096 bytes of each,
and 1 MiB of a result.

Exit status:
  0    every call returned
  1    bad input: the file, a name, an argument, an import that is not provided
  2    usage
  134  the guest trapped; the steps before the trap are written";
pub(crate) const VALIDATE: &str = help!(
    ["lowlift validate a.wasm b.wat", "says of each file whether it is valid"],
    ["lowlift validate - < a.wasm", "reads standard input"],
    ["lowlift validate --proposals all a.wasm", "accepts what is off by default"],
);
pub(crate) const UNBUNDLE: &str =
    help!(["lowlift unbundle app.wasm -o parts", "writes parts/module-0.wasm and so on"],);
pub(crate) const LINK: &str = help!(
    ["lowlift link app.wasm --plug log.wasm -o linked.wasm", "log.wasm satisfies imports of app.wasm"],
    ["lowlift link a.wasm --plug b.wasm --plug c.wasm -o d.wasm", "c.wasm comes last: it serves a and b"],
);
pub(crate) const NEW: &str = help!(
    ["lowlift new core.wasm -o app.wasm", "takes the world from the module's sections"],
    ["lowlift new core.wat --wit wit/ --world app -o app.wasm", "takes it from a WIT package"],
    ["lowlift new core.wasm --adapt wasi_snapshot_preview1=adapter.wasm -o app.wasm", "adds an adapter"],
);
pub(crate) const COMPILE: &str =
    help!(["lowlift compile core.wasm --func add --emit asm", "shows the machine code of a function"],);
pub(crate) const INSPECT: &str = help!(
    ["lowlift inspect app.wasm", "shows the parts of a component, and its world"],
    ["lowlift inspect app.wasm --format json -o app.json", "writes the same as JSON"],
);
pub(crate) const PRINT: &str = help!(
    ["lowlift print app.wasm", "prints all of a component as text"],
    ["lowlift print --skeleton app.wasm -o app.wat", "writes its structure only"],
);
pub(crate) const PARSE: &str = help!(
    ["lowlift parse app.wat -o app.wasm", "writes the binary"],
    ["lowlift print a.wasm | lowlift parse - -o -", "from standard input to standard output"],
);
pub(crate) const STRIP: &str = help!(
    ["lowlift strip app.wasm -o small.wasm", "leaves out names, producers and debug information"],
    ["lowlift strip app.wasm --keep name -o small.wasm", "keeps the names"],
);
pub(crate) const WIT: &str = help!(
    ["lowlift wit check wit/", "reports all faults of a package"],
    ["lowlift wit fmt --check wit/", "lists the files that are not formatted"],
    ["lowlift wit from-wasm app.wasm", "prints the world of a component"],
);
pub(crate) const COMPLETIONS: &str = help!([
    "lowlift completions bash > ~/.local/share/bash-completion/completions/lowlift",
    "installs them"
],);
pub(crate) const MAN: &str = help!(
    ["lowlift man call | man -l -", "shows the page of a subcommand"],
    ["lowlift man -o ~/.local/share/man/man1", "writes all pages"],
);
