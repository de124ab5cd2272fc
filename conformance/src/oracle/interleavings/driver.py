"""Runs scenarios on the spec's definitions.py, for the comparison in the crate `conformance`.

Started with the path of definitions.py. Each line of standard input is a JSON array of questions, each line
of standard output the array of their answers. A question has a scenario and either asks for the run of the
deterministic profile, or for the outcomes of all runs there are, up to a number of runs.
"""

import __future__
import json
import sys
import threading
import types

# As in component_async::scenario.
N_REGISTERS = 8
MAX_ELEMENTS = 4
MAX_READS = 16
MAX_SEEN = 200
MAX_CALLBACKS = 3
WRITES_AT = MAX_READS * MAX_ELEMENTS
MEMORY_BYTES = 4096


def load_definitions(path):
    with open(path, encoding="utf-8") as file:
        source = file.read()
    flags = __future__.annotations.compiler_flag
    module = types.ModuleType("definitions")
    sys.modules["definitions"] = module
    exec(compile(source, path, "exec", flags), module.__dict__)
    return module


spec = load_definitions(sys.argv[1])


# Stack switching: as in the spec, but what a thread raises goes to whoever resumed it, and a thread that is
# suspended when its run ends is woken to end too.


class Abandoned(BaseException):
    pass


class TooLong(BaseException):
    pass


suspended = set()


def park(cont):
    suspended.add(cont)
    cont.lock.acquire()
    suspended.discard(cont)
    if cont.is_abandoned:
        raise Abandoned()
    spec.thread_local_handler.value = cont.handler


def new_continuation():
    cont = spec.Continuation()
    cont.lock = spec.new_already_acquired_lock()
    cont.is_abandoned = False
    return cont


def cont_new(f):
    cont = new_continuation()
    suspended.add(cont)

    def thread_base():
        raised = switch_to = None
        try:
            park(cont)
            switch_to = f()
        except Abandoned:
            return
        except BaseException as error:
            raised = error
        handler = spec.thread_local_handler.value
        handler.cont, handler.switch_to, handler.raised = None, switch_to, raised
        handler.lock.release()

    threading.Thread(target=thread_base, daemon=True).start()
    return cont


def resume(cont, current_thread):
    handler = spec.Handler()
    handler.lock = spec.new_already_acquired_lock()
    handler.current_thread = current_thread
    handler.raised = None
    cont.handler = handler
    cont.lock.release()
    handler.lock.acquire()
    if handler.raised is not None:
        raise handler.raised
    return (handler.cont, handler.switch_to)


def suspend(switch_to):
    cont = new_continuation()
    handler = spec.thread_local_handler.value
    handler.cont, handler.switch_to = cont, switch_to
    suspended.add(cont)
    handler.lock.release()
    park(cont)


def abandon_all():
    while suspended:
        cont = next(iter(suspended))
        suspended.discard(cont)
        cont.is_abandoned = True
        cont.lock.release()


# Choices: written down, so that the next run takes the next ones.


class Choices:
    def __init__(self):
        self.made, self.position = [], 0

    def pick(self, n):
        if n == 1 or spec.DETERMINISTIC_PROFILE:
            return 0
        if self.position == len(self.made):
            self.made.append((0, n))
        chosen, of = self.made[self.position]
        assert of == n, "a run repeats itself up to its last choice"
        self.position += 1
        return chosen

    def next_run(self):
        del self.made[self.position:]
        self.position = 0
        while self.made:
            chosen, n = self.made.pop()
            if chosen + 1 < n:
                self.made.append((chosen + 1, n))
                return True
        return False

    # What the spec's program asks of `random`.

    def randint(self, low, high):
        return low + self.pick(high - low + 1)

    def choice(self, threads):
        """The threads are ready, so that they are in the store's list, in the order of their waits."""
        waiting = threads[0].task.inst.store.waiting
        return sorted(threads, key=waiting.index)[self.pick(len(threads))]


def get_pending_event(self):
    """As the spec's, where a shuffle picks one of the elements that have an event."""
    ready = [w for w in self.elems if w.has_pending_event()]
    return ready[spec.random.pick(len(ready))].get_pending_event()


spec.cont_new, spec.resume, spec.suspend = cont_new, resume, suspend
spec.WaitableSet.get_pending_event = get_pending_event


# Guests


class Guest:
    def __init__(self, store):
        self.inst = spec.ComponentInstance(store)
        self.registers = [0] * N_REGISTERS
        self.memory = spec.MemInst(bytearray(MEMORY_BYTES), "i32")
        self.n_reads = self.n_writes = self.n_written = 0

    def place(self):
        at = min(self.n_reads, MAX_READS - 1) * MAX_ELEMENTS
        self.n_reads += 1
        return at

    def numbers(self, n):
        at = WRITES_AT + self.n_writes * MAX_ELEMENTS
        self.n_writes += 1
        for i in range(n):
            self.n_written = (self.n_written + 1) % 256
            self.memory[at + i] = self.n_written
        return at


class Run:
    def __init__(self, scenario):
        self.store = spec.Store()
        self.functions = scenario
        n_instances = max((f["instance"] for f in scenario), default=-1) + 1
        self.guests = [Guest(self.store) for _ in range(n_instances)]
        self.seen = []

    def see(self, *what):
        if len(self.seen) > MAX_SEEN:
            raise TooLong()
        self.seen.append(list(what))

    def host(self):
        resolved = []

        def on_resolve(result):
            resolved.append(result is not None)

        def told():
            if resolved == [True]:
                resolved.append(False)
                self.see("resolved")

        try:
            self.store.invoke(self.lifted(0), lambda: [], on_resolve)
            told()
            while any(thread.ready() for thread in self.store.waiting):
                if len(self.seen) > MAX_SEEN:
                    raise TooLong()
                self.store.tick()
                told()
            end = "resolved" if resolved else "deadlock"
        except spec.Trap:
            end = "trap"
        except TooLong:
            end = "too long"
        memories = [list(guest.memory.bytes[:WRITES_AT]) for guest in self.guests]
        return {"seen": self.seen, "end": end, "memories": memories}

    def type_of(self, f):
        payload = {"stream": spec.StreamType, "future": spec.FutureType}
        params = [] if f["param"] is None else [payload[f["param"]](spec.U8Type())]
        return spec.FuncType(params, [], async_=f["async_type"])

    def lifted(self, number):
        """The function for one call, which counts its own callbacks."""
        f = self.functions[number]
        guest = self.guests[f["instance"]]
        opts = spec.CanonicalOptions(memory=guest.memory, async_=f["lift"] != "sync")
        state = types.SimpleNamespace(n_callbacks=0)

        def core_func(args):
            if args:
                guest.registers[0] = args[0]
            self.see("begin", number)
            packed = self.execute(number, f["body"])
            return [packed] if f["lift"] == "callback" else []

        def callback(args):
            self.see("callback", number, *args)
            state.n_callbacks += 1
            packed = self.execute(number, f["callback"])
            return [0 if state.n_callbacks == MAX_CALLBACKS else packed]

        if f["lift"] == "callback":
            opts.callback = callback
        return self.store.lift(core_func, self.type_of(f), opts, guest.inst)

    def thread_code(self, number):
        def core_func(args):
            self.see("begin", number)
            self.execute(number, self.functions[number]["body"])
            return []
        return core_func

    def execute(self, number, ops):
        """Runs code and returns what it returns to the callback's loop."""
        for op in ops:
            returned = self.op(number, op)
            if returned is not None:
                return returned
        return 0

    def op(self, number, op):
        f = self.functions[number]
        guest = self.guests[f["instance"]]
        r = guest.registers
        name, *a = op
        see = lambda value: self.see("result", number, value, 0, 0)
        see_event = lambda code: self.see(
            "result", number, code, load(guest, EVENT_AT), load(guest, EVENT_AT + 4))
        match name:
            case "call":
                callee, is_async, arg, into = a
                opts = spec.CanonicalOptions(memory=guest.memory, async_=is_async)
                ft = self.type_of(self.functions[callee])
                args = [] if self.functions[callee]["param"] is None else [r[arg]]
                flat = spec.canon_lower(self.lifted(callee), ft, opts, args)
                if is_async:
                    if flat[0] >> 4:
                        r[into] = flat[0] >> 4
                    see(flat[0])
            case "return":
                opts = spec.LiftOptions(memory=guest.memory)
                spec.canon_task_return([], opts, [])
            case "cancel": spec.canon_task_cancel()
            case "subtask-cancel": see(spec.canon_subtask_cancel(a[0], r[a[1]])[0])
            case "subtask-drop": spec.canon_subtask_drop(r[a[0]])
            case "set-new": [r[a[0]]] = spec.canon_waitable_set_new()
            case "set-wait":
                [code] = spec.canon_waitable_set_wait(guest.memory, r[a[0]], EVENT_AT)
                see_event(code)
            case "set-poll":
                [code] = spec.canon_waitable_set_poll(guest.memory, r[a[0]], EVENT_AT)
                see_event(code)
            case "set-drop": spec.canon_waitable_set_drop(r[a[0]])
            case "join": spec.canon_waitable_join(r[a[0]], 0 if a[1] is None else r[a[1]])
            case "backpressure-inc": spec.canon_backpressure_inc()
            case "backpressure-dec": spec.canon_backpressure_dec()
            case "stream" | "future": self.end_op(number, guest, name, *a)
            case "thread": self.thread_op(guest, *a)
            case "context-set": spec.canon_context_set("i32", 0, a[0])
            case "context-get": see(spec.canon_context_get("i32", 0)[0])
            case "callback-exit": return 0
            case "callback-yield": return 1
            case "callback-wait": return 2 | r[a[0]] << 4
            case _: raise ValueError(f"no such op: {name}")
        return None

    def end_op(self, number, guest, kind, name, *a):
        r = guest.registers
        t = {"stream": spec.StreamType, "future": spec.FutureType}[kind](spec.U8Type())
        built_in = lambda name: getattr(spec, f"canon_{kind}_{name}")
        see = lambda value: self.see("result", number, value, 0, 0)
        match name:
            case "new":
                [ends] = built_in("new")(t)
                r[a[0]], r[a[1]] = ends & 0xFFFFFFFF, ends >> 32
            case "read" | "write":
                of, n, is_async = a
                opts = spec.CanonicalOptions(memory=guest.memory, async_=is_async)
                n = n if kind == "stream" else 1
                at = guest.place() if name == "read" else guest.numbers(n)
                length = [n] if kind == "stream" else []
                see(built_in(name)(t, opts, r[of], at, *length)[0])
            case "cancel":
                is_read, of, is_async = a
                see(built_in("cancel_read" if is_read else "cancel_write")(t, is_async, r[of])[0])
            case "drop":
                is_readable, of = a
                built_in("drop_readable" if is_readable else "drop_writable")(t, r[of])
            case "forward": built_in("forward")(t, r[a[0]], r[a[1]])
            case _: raise ValueError(f"no such op: {kind} {name}")

    def thread_op(self, guest, name, *a):
        r = guest.registers
        match name:
            case "new":
                function, into = a
                ft = spec.CoreFuncType(["i32"], [])
                table = spec.Table()
                i = table.add(spec.CoreFuncRef(ft, self.thread_code(function)))
                [r[into]] = spec.canon_thread_new_indirect(ft, table, i, 0)
            case "index": [r[a[0]]] = spec.canon_thread_index()
            case "resume-later": spec.canon_thread_resume_later(r[a[0]])
            case "suspend": spec.canon_thread_suspend()
            case "yield": spec.canon_thread_yield()
            case "suspend-then-resume": spec.canon_thread_suspend_then_resume(r[a[0]])
            case "yield-then-resume": spec.canon_thread_yield_then_resume(r[a[0]])
            case "suspend-then-promote": spec.canon_thread_suspend_then_promote(r[a[0]])
            case "yield-then-promote": spec.canon_thread_yield_then_promote(r[a[0]])
            case _: raise ValueError(f"no such op: thread {name}")


EVENT_AT = MEMORY_BYTES - 8


def load(guest, ptr):
    return int.from_bytes(guest.memory.bytes[ptr:ptr + 4], "little")


def run_once(scenario, choices):
    spec.random = choices
    try:
        return Run(scenario).host()
    finally:
        abandon_all()


def answer(question):
    scenario = question["scenario"]
    if question["all"] is None:
        spec.DETERMINISTIC_PROFILE = True
        return run_once(scenario, Choices())
    spec.DETERMINISTIC_PROFILE = False
    choices, outcomes = Choices(), set()
    for _ in range(question["all"]):
        outcomes.add(json.dumps(run_once(scenario, choices)))
        if not choices.next_run():
            return [json.loads(outcome) for outcome in sorted(outcomes)]
    return None


for line in sys.stdin:
    print(json.dumps([answer(question) for question in json.loads(line)]), flush=True)
