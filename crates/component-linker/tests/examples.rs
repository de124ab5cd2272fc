//! The programs of `examples`, each with what it prints.

#[path = "../examples/pipeline.rs"]
mod pipeline;
#[path = "../examples/plugin_host.rs"]
mod plugin_host;

#[test]
fn the_plugin_host() {
    let out = plugin_host::run().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        out,
        "shout \"hello\": HELLO\n  log shout: hello\n\
         shout \"one more\": ONE MORE\n  log shout: one more\n\
         greedy \"spin\": stopped: out of fuel\n\
         greedy \"grow\": refused: no memory\n\
         shout \"x\": X\n  log shout: x\n\
         bytes: 14\n"
    );
}

#[test]
fn the_pipeline() {
    let out = pipeline::run().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        out,
        "source:\n  \
           export demo:sensors/readings@0.1.3 next: func() -> option<tuple<u32, f32>>\n\
         filter:\n  \
           import demo:sensors/readings@0.1.0 next: func() -> option<tuple<u32, f32>>\n  \
           export demo:sensors/readings@0.1.0 next: func() -> option<tuple<u32, f32>>\n\
         sink:\n  \
           import demo:sensors/readings@0.1.0 next: func() -> option<tuple<u32, f32>>\n  \
           export summary: func() -> tuple<u32, f32>\n\
         sink alone: import `demo:sensors/readings@0.1.0` function `next: func() -> option<tuple<u32, f32>>` is \
         not provided\n\
         3 readings, the highest 23.25 °C\n  \
           sensor 1: 21.5 °C\n  \
           sensor 3: 19 °C\n  \
           sensor 4: 23.25 °C\n\
         then 0\n"
    );
}
