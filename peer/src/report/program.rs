//! Programs as large as one likes, whose functions look like what compilers emit: arithmetic on
//! locals, fields behind pointers, loops with a counter, switches, floats, calls. The same size and
//! seed give the same bytes.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, InstructionSink, MemArg, MemArgTarget, MemorySection,
    MemoryType, Module, RefType, TableSection, TableType, TypeSection, ValType,
};

/// The type of all functions: how deep calls may go, a pointer, a number.
const PARAMS: [ValType; 3] = [ValType::I32, ValType::I32, ValType::I32];
const DEPTH: u32 = 0;
/// Locals by type: those of `i32` start with the parameters.
const I32S: std::ops::Range<u32> = 1..8;
const I64S: std::ops::Range<u32> = 8..11;
const F64S: std::ops::Range<u32> = 11..14;
/// Loop counters by nesting.
const COUNTERS: u32 = 14;
const MAX_NESTING: u32 = 4;
/// Functions that indirect calls reach.
const N_TABLE: u32 = 64;

/// Returns a module of about so many bytes. It exports `run`, from the number of calls it may nest
/// to a number.
pub(crate) fn program(n_bytes: usize, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut code = CodeSection::new();
    let mut n_funcs = 0;
    while code.byte_len() < n_bytes || n_funcs < N_TABLE {
        let n_ops = random.size();
        code.function(&function(&mut random, n_funcs, n_ops));
        n_funcs += 1;
    }
    code.function(&function(&mut random, n_funcs, 100));
    n_funcs += 1;
    assemble(&code, n_funcs)
}

/// Returns a module of one large function and few small ones.
pub(crate) fn one_large(n_ops: u32, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut code = CodeSection::new();
    for index in 0..N_TABLE {
        code.function(&function(&mut random, index, 50));
    }
    code.function(&function(&mut random, N_TABLE, n_ops));
    assemble(&code, N_TABLE + 1)
}

fn assemble(code: &CodeSection, n_funcs: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function(PARAMS, [ValType::I32]);
    let mut funcs = FunctionSection::new();
    (0..n_funcs).for_each(|_| {
        funcs.function(0);
    });
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        minimum: N_TABLE.into(),
        maximum: None,
        table64: false,
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 4,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    globals.global(
        GlobalType { val_type: ValType::I32, mutable: true, shared: false },
        &ConstExpr::i32_const(65_536),
    );
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, n_funcs - 1);
    let mut elements = ElementSection::new();
    let listed: Vec<u32> = (0..N_TABLE).collect();
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(listed.into()));
    let mut module = Module::new();
    module.section(&types).section(&funcs).section(&tables).section(&memories).section(&globals);
    module.section(&exports).section(&elements).section(code);
    module.finish()
}

/// A small generator of random numbers (the increments of Weyl, mixed).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from(((mixed >> 32) * u64::from(n)) >> 32).expect("less than n")
    }

    fn of(&mut self, range: std::ops::Range<u32>) -> u32 {
        range.start + self.below(range.end - range.start)
    }

    /// Returns a function's size: most are small, few have 20,000 operators.
    fn size(&mut self) -> u32 {
        match self.below(100) {
            0..60 => self.of(50..200),
            60..90 => self.of(200..1_000),
            90..99 => self.of(1_000..5_000),
            _ => self.of(5_000..20_000),
        }
    }
}

/// A function being written.
struct Writer<'a> {
    random: &'a mut Random,
    index: u32,
    /// Operators that are still to be written.
    left: u32,
    code: Vec<u8>,
    nesting: u32,
}

fn function(random: &mut Random, index: u32, n_ops: u32) -> Function {
    let mut writer = Writer { random, index, left: n_ops, code: Vec::new(), nesting: 0 };
    while writer.left > 0 {
        writer.statement();
    }
    writer.i32(2);
    writer.emit(1).end();
    let n = |range: std::ops::Range<u32>| range.end - range.start;
    let n_params = u32::try_from(PARAMS.len()).expect("few");
    let mut function = Function::new([
        (I32S.end - n_params, ValType::I32),
        (n(I64S), ValType::I64),
        (n(F64S), ValType::F64),
        (MAX_NESTING, ValType::I32),
    ]);
    function.raw(writer.code);
    function
}

impl Writer<'_> {
    /// Returns where to write `n` operators.
    fn emit(&mut self, n: u32) -> InstructionSink<'_> {
        self.left = self.left.saturating_sub(n);
        InstructionSink::new(&mut self.code)
    }

    fn statement(&mut self) {
        let nested = self.nesting < MAX_NESTING;
        match self.random.below(100) {
            0..30 => {
                self.i32(3);
                let to = self.random.of(1..I32S.end);
                self.emit(1).local_set(to);
            }
            30..38 => {
                self.i64(3);
                let to = self.random.of(I64S);
                self.emit(1).local_set(to);
            }
            38..46 => {
                self.f64(3);
                let to = self.random.of(F64S);
                self.emit(1).local_set(to);
            }
            46..62 => self.store(),
            62..74 if nested => self.conditional(),
            74..79 if nested => self.repeat(),
            79..83 if nested => self.switch(),
            83..95 => self.call(),
            _ => {
                let by = i32::try_from(self.random.of(0..64)).expect("small");
                self.emit(4).global_get(0).i32_const(by).i32_add().global_set(0);
            }
        }
    }

    fn statements(&mut self) {
        self.nesting += 1;
        for _ in 0..=self.random.below(4) {
            self.statement();
        }
        self.nesting -= 1;
    }

    fn conditional(&mut self) {
        if self.random.below(2) == 0 {
            self.condition();
            self.emit(1).if_(BlockType::Empty);
            self.statements();
            self.emit(1).else_();
        } else {
            self.emit(1).block(BlockType::Empty);
            self.condition();
            self.emit(1).br_if(0);
        }
        self.statements();
        self.emit(1).end();
    }

    fn repeat(&mut self) {
        let counter = COUNTERS + self.nesting;
        let n = i32::try_from(self.random.of(2..4)).expect("small");
        self.emit(3).i32_const(n).local_set(counter).loop_(BlockType::Empty);
        self.statements();
        self.emit(6).local_get(counter).i32_const(1).i32_sub().local_tee(counter).br_if(0).end();
    }

    fn switch(&mut self) {
        let n = self.random.of(3..10);
        (0..=n).for_each(|_| {
            self.emit(1).block(BlockType::Empty);
        });
        self.i32(2);
        let targets: Vec<u32> = (0..n).collect();
        self.emit(3).i32_const(15).i32_and().br_table(targets, n);
        for case in 0..n {
            self.emit(1).end();
            self.statements();
            self.emit(1).br(n - case - 1);
        }
        self.emit(1).end();
    }

    fn call(&mut self) {
        self.emit(2).local_get(DEPTH).if_(BlockType::Empty);
        self.emit(3).local_get(DEPTH).i32_const(1).i32_sub();
        self.i32(1);
        self.i32(2);
        if self.random.below(5) == 0 || self.index == 0 {
            let mask = i32::try_from(N_TABLE - 1).expect("small");
            self.i32(1);
            self.emit(3).i32_const(mask).i32_and().call_indirect(0, 0);
        } else {
            let callee = self.random.below(self.index);
            self.emit(1).call(callee);
        }
        let to = self.random.of(1..I32S.end);
        self.emit(2).local_set(to).end();
    }

    fn condition(&mut self) {
        self.i32(1);
        self.i32(1);
        let mut to = InstructionSink::new(&mut self.code);
        match self.random.below(4) {
            0 => to.i32_eq(),
            1 => to.i32_lt_s(),
            2 => to.i32_gt_u(),
            _ => to.i32_ne(),
        };
        self.left = self.left.saturating_sub(1);
    }

    /// Writes an address in the first 64 KiB.
    fn address(&mut self) {
        let from = self.random.of(1..I32S.end);
        self.emit(3).local_get(from).i32_const(0xfff8).i32_and();
    }

    fn field(&mut self) -> MemArg {
        MemArg {
            offset: u64::from(self.random.below(64)) * 8,
            align: 0,
            target: MemArgTarget::Memory(0),
            ordering: None,
        }
    }

    fn store(&mut self) {
        self.address();
        let field = self.field();
        match self.random.below(5) {
            0 => {
                self.i64(2);
                self.emit(1).i64_store(field);
            }
            1 => {
                self.f64(2);
                self.emit(1).f64_store(field);
            }
            2 => {
                self.i32(1);
                self.emit(1).i32_store8(field);
            }
            _ => {
                self.i32(2);
                self.emit(1).i32_store(field);
            }
        }
    }

    fn i32(&mut self, depth: u32) {
        let leaf = depth == 0 || self.random.below(4) == 0;
        let kind = self.random.below(if leaf { 4 } else { 10 });
        match kind {
            0 => {
                let value = self.random.below(1 << 12).cast_signed();
                self.emit(1).i32_const(value);
            }
            1..3 => {
                let from = self.random.of(1..I32S.end);
                self.emit(1).local_get(from);
            }
            3 => {
                self.address();
                let field = self.field();
                match self.random.below(4) {
                    0 => self.emit(1).i32_load8_u(field),
                    1 => self.emit(1).i32_load16_s(field),
                    _ => self.emit(1).i32_load(field),
                };
            }
            4 => {
                self.i64(depth - 1);
                self.emit(1).i32_wrap_i64();
            }
            5 => {
                self.f64(depth - 1);
                self.f64(depth - 1);
                self.emit(1).f64_lt();
            }
            6 => {
                self.i32(depth - 1);
                self.i32(depth - 1);
                self.condition();
                self.emit(1).select();
            }
            _ => {
                self.i32(depth - 1);
                self.i32(depth - 1);
                let operator = self.random.below(9);
                let mut to = self.emit(1);
                match operator {
                    0..3 => to.i32_add(),
                    3 => to.i32_sub(),
                    4 => to.i32_mul(),
                    5 => to.i32_and(),
                    6 => to.i32_or(),
                    7 => to.i32_xor(),
                    _ => to.i32_shl(),
                };
            }
        }
    }

    fn i64(&mut self, depth: u32) {
        match self.random.below(if depth == 0 { 2 } else { 5 }) {
            0 => {
                let value = self.random.below(1 << 20);
                self.emit(1).i64_const(value.into());
            }
            1 => {
                let from = self.random.of(I64S);
                self.emit(1).local_get(from);
            }
            2 => {
                self.address();
                let field = self.field();
                self.emit(1).i64_load(field);
            }
            3 => {
                self.i32(depth - 1);
                self.emit(1).i64_extend_i32_u();
            }
            _ => {
                self.i64(depth - 1);
                self.i64(depth - 1);
                let operator = self.random.below(4);
                let mut to = self.emit(1);
                match operator {
                    0 => to.i64_add(),
                    1 => to.i64_mul(),
                    2 => to.i64_shr_u(),
                    _ => to.i64_xor(),
                };
            }
        }
    }

    fn f64(&mut self, depth: u32) {
        match self.random.below(if depth == 0 { 2 } else { 5 }) {
            0 => {
                let value = f64::from(self.random.below(1000)) / 8.0;
                self.emit(1).f64_const(value.into());
            }
            1 => {
                let from = self.random.of(F64S);
                self.emit(1).local_get(from);
            }
            2 => {
                self.i32(depth - 1);
                self.emit(1).f64_convert_i32_s();
            }
            _ => {
                self.f64(depth - 1);
                self.f64(depth - 1);
                let operator = self.random.below(3);
                let mut to = self.emit(1);
                match operator {
                    0 => to.f64_add(),
                    1 => to.f64_sub(),
                    _ => to.f64_mul(),
                };
            }
        }
    }
}
