"""Answers what the spec's definitions.py says about cases, for the comparison in the crate `conformance`.

Started with the path of definitions.py. Each line of standard input is a JSON array of cases, each line of
standard output the array of their answers. conformance/README.md describes both.
"""

import __future__
import json
import sys
import types

# A resource type by its number in a case: the instance at hand implements the last one itself.
N_RESOURCES = 3
POINTERS = ["i32", "i64"]
MEMORY_PATTERN = bytes(0xA0 | i for i in range(16))


def load_definitions(path):
    with open(path, encoding="utf-8") as file:
        source = file.read()
    # Its annotations name classes that come later, which Python minds unless told not to evaluate them.
    flags = __future__.annotations.compiler_flag
    module = types.ModuleType("definitions")
    sys.modules["definitions"] = module  # where its dataclasses look themselves up
    exec(compile(source, path, "exec", flags), module.__dict__)
    module.DETERMINISTIC_PROFILE = True
    return module


spec = load_definitions(sys.argv[1])


# Types


LEAVES = {
    "bool": spec.BoolType, "s8": spec.S8Type, "u8": spec.U8Type, "s16": spec.S16Type, "u16": spec.U16Type,
    "s32": spec.S32Type, "u32": spec.U32Type, "s64": spec.S64Type, "u64": spec.U64Type, "f32": spec.F32Type,
    "f64": spec.F64Type, "char": spec.CharType, "string": spec.StringType,
    "error-context": spec.ErrorContextType,
}


def labels(n):
    return [f"l{i}" for i in range(n)]


def read_type(t, resources):
    def read(t):
        if t is None:
            return None
        if isinstance(t, str):
            return LEAVES[t]()
        kind, *rest = t
        match kind:
            case "list": return spec.ListType(read(rest[0]), *rest[1:])
            case "map": return spec.MapType(read(rest[0]), read(rest[1]))
            case "record": return spec.RecordType([spec.FieldType(f"l{i}", read(t)) for i, t in enumerate(rest)])
            case "tuple": return spec.TupleType([read(t) for t in rest])
            case "variant": return spec.VariantType([spec.CaseType(f"l{i}", read(t)) for i, t in enumerate(rest)])
            case "enum": return spec.EnumType(labels(rest[0]))
            case "option": return spec.OptionType(read(rest[0]))
            case "result": return spec.ResultType(read(rest[0]), read(rest[1]))
            case "flags": return spec.FlagsType(labels(rest[0]))
            case "own": return spec.OwnType(resources[rest[0]])
            case "borrow": return spec.BorrowType(resources[rest[0]])
            case "stream": return spec.StreamType(read(rest[0]))
            case "future": return spec.FutureType(read(rest[0]))
        raise ValueError(f"no such type: {kind}")
    return read(t)


# Values: positional in a case, by label in the spec


def read_value(t, v, encoding, pointer):
    def read(t, v):
        match spec.despecialize(t):
            case spec.F32Type(): return spec.core_f32_reinterpret_i32(v)
            case spec.F64Type(): return spec.core_f64_reinterpret_i64(v)
            case spec.CharType(): return chr(v)
            case spec.StringType(): return (v, encoding, code_units(v, encoding, pointer))
            case spec.ListType(element, _): return [read(element, e) for e in v]
            case spec.RecordType(fields): return {f.label: read(f.t, e) for f, e in zip(fields, v, strict=True)}
            case spec.VariantType(cases):
                c = cases[v[0]]
                return {c.label: None if c.t is None else read(c.t, v[1])}
            case spec.FlagsType(ls): return {l: bool(v >> i & 1) for i, l in enumerate(ls)}
            case spec.ErrorContextType(): return spec.ErrorContext(v)
            case spec.StreamType(payload): return readable_end("stream", payload, v)
            case spec.FutureType(payload): return readable_end("future", payload, v)
            case _: return v
    return read(t, v)


def code_units(s, encoding, pointer):
    """The length with which the string `s` comes out of a memory with strings of this encoding."""
    if encoding == "utf8":
        return len(s.encode("utf-8"))
    if encoding == "latin1+utf16" and all(ord(c) < 0x100 for c in s):
        return len(s)
    units = len(s.encode("utf-16-le")) // 2
    return units | spec.utf16_tag(pointer) if encoding == "latin1+utf16" else units


def write_value(t, v):
    match spec.despecialize(t):
        case spec.F32Type(): return spec.core_i32_reinterpret_f32(v)
        case spec.F64Type(): return spec.core_i64_reinterpret_f64(v)
        case spec.CharType(): return ord(v)
        case spec.StringType(): return v[0]
        case spec.ListType(element, _): return [write_value(element, e) for e in v]
        case spec.RecordType(fields): return [write_value(f.t, v[f.label]) for f in fields]
        case spec.VariantType(cases):
            i, payload = spec.match_case(v, cases)
            return [i] if cases[i].t is None else [i, write_value(cases[i].t, payload)]
        case spec.FlagsType(ls): return sum(v[l] << i for i, l in enumerate(ls))
        case spec.ErrorContextType(): return v.debug_message
        case spec.StreamType() | spec.FutureType(): return v.number
        case _: return v


def read_flat(core_types, bits):
    read = {"f32": spec.core_f32_reinterpret_i32, "f64": spec.core_f64_reinterpret_i64}
    return [read[t](b) if t in read else b for t, b in zip(core_types, bits, strict=True)]


def write_flat(core_types, values):
    write = {"f32": spec.core_i32_reinterpret_f32, "f64": spec.core_i64_reinterpret_f64}
    return [write[t](v) if t in write else v for t, v in zip(core_types, values, strict=True)]


# Layouts


def measure(t, pointer):
    """Size, alignment and offsets of `t`, then of the types it is made of."""
    yield [spec.elem_size(t, pointer), spec.alignment(t, pointer), offsets(t, pointer)]
    match spec.despecialize(t):
        case spec.ListType(element, _): parts = [element]
        case spec.RecordType(fields): parts = [f.t for f in fields]
        case spec.VariantType(cases): parts = [c.t for c in cases if c.t is not None]
        case _: parts = []
    for part in parts:
        yield from measure(part, pointer)


def offsets(t, pointer):
    """Where the spec loads the fields of a record from, or the payload of a variant."""
    seen = []
    shape = spec.despecialize(t)
    load, spec.load = spec.load, lambda _cx, ptr, _t: seen.append(ptr)
    try:
        match shape:
            case spec.RecordType(fields):
                spec.load_record(context(b"", pointer), 0, fields)
            case spec.VariantType(cases):
                with_payload = [i for i, c in enumerate(cases) if c.t is not None]
                if with_payload:
                    discriminant = with_payload[0].to_bytes(8, "little")
                    spec.load_variant(context(discriminant, pointer), 0, cases)
    finally:
        spec.load = load
    return seen


def context(memory, pointer, encoding="utf8"):
    opts = spec.LiftLowerOptions(encoding, spec.MemInst(bytearray(memory), pointer))
    return spec.LiftLowerContext(opts, None)


def core_functypes(ft, pointer):
    memory = spec.MemInst(bytearray(), pointer)
    some_callback = lambda *_: None
    modes = [
        (False, None, "lift"), (False, None, "lower"),
        (True, some_callback, "lift"), (True, None, "lift"), (True, None, "lower"),
    ]
    for is_async, callback, direction in modes:
        opts = spec.CanonicalOptions(memory=memory, async_=is_async, callback=callback)
        core = spec.flatten_functype(opts, ft, direction)
        yield " ".join(core.params) + " -> " + " ".join(core.results)


# Lowering and lifting


class Context(spec.LiftLowerContext):
    """A context whose `realloc` hands out new blocks at the end of memory, or answers as the case says."""

    def __init__(self, case, memory, handles, instance, resources, borrow_scope, task):
        opts = spec.LiftLowerOptions(case["encoding"], spec.MemInst(bytearray(memory), case["pointer"]))
        super().__init__(opts, instance, borrow_scope)
        self.reallocs = []
        self.gap, self.answer = 0, None
        instance.handles = spec.Table()
        for given in handles:
            match given:
                case ["error-context", number]:
                    spec.lower_error_context(self, spec.ErrorContext(number))
                case ["stream" | "future" as kind, payload, number]:
                    t = read_type(payload, resources)
                    lower = spec.lower_stream if kind == "stream" else spec.lower_future
                    lower(self, readable_end(kind, t, number), t)
                case [rt, rep, own]:
                    instance.handles.add(spec.ResourceHandle(resources[rt], rep, own, None if own else task))
        self.resources = resources

    def reallocate(self, old, old_byte_length, alignment, new_byte_length):
        n_calls = len(self.reallocs)
        self.reallocs.append([old, old_byte_length, alignment, new_byte_length])
        if self.answer is not None and self.answer[0] == n_calls:
            return self.answer[1]
        memory = self.opts.memory.bytes
        start = -(-(len(memory) + self.gap) // alignment) * alignment
        fill(memory, start + new_byte_length)
        kept = min(old_byte_length, new_byte_length)
        memory[start : start + kept] = memory[old : old + kept]
        return start

    def handles(self):
        return table_rows(self.inst.handles, self.resources)


def fill(memory, size):
    while len(memory) < size:
        at = len(memory) % 16
        memory.extend(MEMORY_PATTERN[at : at + size - len(memory)])


def lower(case, tys, instance, resources):
    job = case["lower"]
    memory = bytearray()
    fill(memory, job["memory"])
    task = spec.Task.__new__(spec.Task)  # of a task only this counter matters here
    task.num_borrows = 0
    cx = Context(case, memory, job["handles"], instance, resources, task, task)
    cx.gap, cx.answer = job["gap"], job["answer"]
    pointer, max_flat = case["pointer"], case["max_flat"]
    values = [read_value(t, v, job["source"], pointer) for t, v in zip(tys, job["values"], strict=True)]
    out = None if job["out"] is None else spec.CoreValueIter([job["out"]])
    core_types = spec.flatten_types(tys, cx.opts)
    if len(core_types) > max_flat:
        core_types = [pointer] if out is None else []
    try:
        flat = spec.lower_flat_values(cx, max_flat, values, tys, out)
    except spec.Trap:
        return {"realloc": cx.reallocs, "trap": True}
    return {
        "realloc": cx.reallocs,
        "flat": write_flat(core_types, flat),
        "memory": cx.opts.memory.bytes.hex(),
        "handles": cx.handles(),
        "borrows": task.num_borrows,
    }


def lift(case, tys, instance, resources):
    job = case["lift"]
    cx = Context(case, bytes.fromhex(job["memory"]), job["handles"], instance, resources, spec.Subtask(), None)
    core_types = spec.flatten_types(tys, cx.opts)
    if len(core_types) > case["max_flat"]:
        core_types = [case["pointer"]]
    vi = spec.CoreValueIter(read_flat(core_types, job["flat"]))
    try:
        values = spec.lift_flat_values(cx, case["max_flat"], vi, tys)
    except spec.Trap:
        return {"trap": True}
    return {"values": [write_value(t, v) for t, v in zip(tys, values, strict=True)], "handles": cx.handles()}


# Handle operations over one table


N_CALLS = 3


class Steps:
    """An instance, calls into it (tasks) and out of it (subtasks), each followed by the next when it ends."""

    def __init__(self):
        store = spec.Store()
        store.nesting_depth = 1  # as within an invocation
        self.inst, other = spec.ComponentInstance(store), spec.ComponentInstance(store)
        self.dropped = []
        impls = [other] * (N_RESOURCES - 1) + [self.inst]
        self.resources = [spec.ResourceType(impl, self.destroy) for impl in impls]
        self.tasks = [self.new_task() for _ in range(N_CALLS)]
        self.subtasks = [spec.Subtask() for _ in range(N_CALLS)]
        thread = types.SimpleNamespace(task=self.tasks[0])
        spec.thread_local_handler.value = types.SimpleNamespace(current_thread=thread)

    def destroy(self, args):
        self.dropped += args
        return []

    def new_task(self):
        return spec.Task(spec.FuncType([], []), spec.CanonicalOptions(), self.inst, None, lambda _result: None)

    def context(self, borrow_scope=None):
        return spec.LiftLowerContext(spec.LiftLowerOptions(), self.inst, borrow_scope)

    def end_at(self, i):
        array = self.inst.handles.array
        end = array[i] if i < len(array) else None
        return end if isinstance(end, (spec.ReadableStreamEnd, spec.ReadableFutureEnd)) else None

    def do(self, step):
        name, *args = step
        match name:
            case "new":
                return spec.canon_resource_new(self.resources[args[0]], args[1])[0]
            case "rep":
                return spec.canon_resource_rep(self.resources[args[0]], args[1])[0]
            case "drop":
                n_before = len(self.dropped)
                spec.canon_resource_drop(self.resources[args[0]], args[1])
                return self.dropped[-1] if len(self.dropped) > n_before else None
            case "lift_own":
                return spec.lift_own(self.context(), args[1], spec.OwnType(self.resources[args[0]]))
            case "lift_borrow":
                cx = self.context(self.subtasks[args[2]])
                return spec.lift_borrow(cx, args[1], spec.BorrowType(self.resources[args[0]]))
            case "lower_own":
                return spec.lower_own(self.context(), args[1], spec.OwnType(self.resources[args[0]]))
            case "lower_borrow":
                cx = self.context(self.tasks[args[2]])
                return spec.lower_borrow(cx, args[1], spec.BorrowType(self.resources[args[0]]))
            case "return":
                self.tasks[args[0]].return_([])
                self.tasks[args[0]] = self.new_task()
            case "deliver_resolve":
                self.subtasks[args[0]].resolve(spec.Subtask.State.RETURNED, [])
                self.subtasks[args[0]].deliver_resolve()
                self.subtasks[args[0]] = spec.Subtask()
            case "lower_error_context":
                return spec.lower_error_context(self.context(), spec.ErrorContext(args[0]))
            case "lift_error_context":
                return spec.lift_error_context(self.context(), args[0]).debug_message
            case "drop_error_context":
                dropped = spec.lift_error_context(self.context(), args[0])
                spec.canon_error_context_drop(args[0])
                return dropped.debug_message
            case "lower_stream" | "lower_future":
                t = read_type(args[0], self.resources)
                kind = name.removeprefix("lower_")
                lower = spec.lower_stream if kind == "stream" else spec.lower_future
                return lower(self.context(), readable_end(kind, t, args[1]), t)
            case "lift_stream" | "lift_future":
                lift = spec.lift_stream if name == "lift_stream" else spec.lift_future
                return lift(self.context(), args[1], read_type(args[0], self.resources)).number
            case "read":
                end = self.end_at(args[0])
                if end is not None and end.state == spec.End.State.IDLE:
                    opts = spec.CanonicalOptions(memory=spec.MemInst(bytearray(64), "i32"), async_=True)
                    if isinstance(end, spec.ReadableStreamEnd):
                        spec.canon_stream_read(spec.StreamType(end.t), opts, args[0], 0, 1)
                    else:
                        spec.canon_future_read(spec.FutureType(end.t), opts, args[0], 0)
            case "join":
                end = self.end_at(args[0])
                if end is not None:
                    end.join(spec.WaitableSet())
            case _:
                raise ValueError(f"no such operation: {name}")


def readable_end(kind, t, number):
    end, _ = (spec.new_stream if kind == "stream" else spec.new_future)(t, owner=None)
    end.number = number
    return end


def table_rows(table, resources):
    rows = []
    for i, e in enumerate(table.array):
        match e:
            case None: pass
            case spec.ResourceHandle(): rows.append([i, resources.index(e.rt), e.rep, e.own, e.num_lends])
            case spec.ErrorContext(): rows.append([i, "error-context", e.debug_message])
            case spec.End():
                kind = "stream" if isinstance(e, spec.ReadableStreamEnd) else "future"
                is_idle = e.state == spec.End.State.IDLE
                rows.append([i, kind, e.number, write_type(e.t, resources), is_idle, e.in_waitable_set()])
    return rows


def write_type(t, resources):
    """The few types that streams and futures of values have here, as `read_type` takes them."""
    match t:
        case None: return None
        case spec.OwnType(rt): return ["own", resources.index(rt)]
        case spec.ListType(element, None): return ["list", write_type(element, resources)]
        case _: return next(name for name, leaf in LEAVES.items() if type(t) is leaf)


def table(steps):
    run = Steps()
    yielded = []
    try:
        for step in steps:
            yielded.append(run.do(step))
    except spec.Trap:
        return {"steps": yielded, "trap": True}
    rows = table_rows(run.inst.handles, run.resources)
    return {"steps": yielded, "handles": rows, "borrows": [task.num_borrows for task in run.tasks]}


def answer(case):
    instance = spec.ComponentInstance(None)
    resources = [spec.ResourceType(None) for _ in range(N_RESOURCES - 1)] + [spec.ResourceType(instance)]
    params = [read_type(t, resources) for t in case["params"]]
    result = [read_type(t, resources) for t in case["result"]]
    ft = spec.FuncType([(f"p{i}", t) for i, t in enumerate(params)], result)
    said = {}
    for pointer in POINTERS:
        opts = spec.LiftLowerOptions(memory=spec.MemInst(bytearray(), pointer))
        said[pointer] = {
            "layouts": [row for t in params + result for row in measure(t, pointer)],
            "flat": [" ".join(spec.flatten_type(t, opts)) for t in params + result],
            "functypes": list(core_functypes(ft, pointer)),
        }
    for name, do in [("lower", lower), ("lift", lift)]:
        said[name] = None if case[name] is None else do(case, params, instance, resources)
    said["table"] = None if case["table"] is None else table(case["table"])
    return said


def main():
    for line in sys.stdin:
        answers = []
        for case in json.loads(line):
            try:
                answers.append(answer(case))
            except Exception as error:  # an assertion of the spec's, say: no answer, and so a difference
                answers.append({"error": f"{type(error).__name__}: {error}"})
        sys.stdout.write(json.dumps(answers, separators=(",", ":")) + "\n")
        sys.stdout.flush()


main()
