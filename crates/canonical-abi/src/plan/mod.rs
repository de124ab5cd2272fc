//! Copy plans: how the values of a call get from one component to another without being built in
//! between. Follows CanonicalABI.md, "Flattening", "Loading", "Storing", "Flat Lifting", "Flat
//! Lowering" and "Lifting and Lowering Values", all at once.
//!
//! A call between two components lifts values out of one component's core values and memory and
//! lowers them into another's. The types and both sides' options are known before the call, so
//! whatever can be decided then is decided in a [`Plan`]: two short programs, for an interpreter
//! ([`run`]) or for a compiler. [`func_plans`] returns the two plans of a whole call, one for the
//! parameters and one for the result.
//!
//! ```
//! use canonical_abi::plan::{Passing, plan, run};
//! use canonical_abi::standalone::Standalone;
//! use canonical_abi::{Context, CoreValue, Options, StringEncoding, Types, ValType};
//!
//! let mut types = Types::new();
//! let list = types.list(ValType::U16).unwrap();
//! let message = types.tuple(vec![ValType::U8, ValType::String, list]).unwrap();
//! let from = Options::default();
//! let to = Options { string_encoding: StringEncoding::Utf16, ..from };
//! let plan =
//!     plan(&types, &[message], Passing::in_memory(from), Passing { opts: to, max_flat: 16 });
//! assert_eq!(
//!     plan.to_string(),
//!     "\
//! ; from utf8 in a 32-bit memory, 20 bytes aligned to 4
//! ; to utf16 in a 32-bit memory, flat: i32 i32 i32 i32 i32
//! check:
//!     string    from[4]
//!     list      from[12], stride 2, align 2
//! move:
//!     u8        to.0, from[0]
//!     string    to.1, from[4]
//!     list      to.3, from[12], align 2, copy 2 bytes each
//! "
//! );
//!
//! let memory = b"\x07---\x14\0\0\0\x02\0\0\0\x16\0\0\0\x01\0\0\0hi\xff\xff".to_vec();
//! let (mut caller, mut callee) = (Standalone { memory }, Standalone { memory: vec![] });
//! let mut src = Context::new(&types, from, &mut caller);
//! let mut dst = Context::new(&types, to, &mut callee);
//! let flat = run(&plan, &mut src, &[CoreValue::I32(0)], &mut dst, None)?;
//! assert_eq!(flat, [7, 0, 2, 4, 1].map(CoreValue::I32));
//! assert_eq!(callee.memory, b"h\0i\0\xff\xff");
//! # Ok::<(), canonical_abi::Trap>(())
//! ```
//!
//! # Operands
//!
//! Each side passes its values flat, as core values, or in memory, as a block that one core value
//! points to. How many core values the types flatten to decides which ([`Passing::max_flat`]). The
//! contents of strings and lists lie in memory on both sides. So an instruction names a value by an
//! [`Operand`]: a slot, which is the position of a core value, or an offset in memory.
//!
//! The cases of a variant share slots, whose types are joined ([`join`](crate::flatten::join)). An
//! instruction takes the low bits of a slot that is wider than what it needs, and writes a narrower
//! value with zeros above it; whether that is a truncation, an extension or a reinterpretation
//! follows from the instruction and the slot's type ([`Form::Flat`]). Slots that no instruction
//! writes are zero.
//!
//! # Two programs
//!
//! The spec lifts all values before it lowers the first, so each plan has two programs. The first,
//! of [`Check`]s, only reads the source and raises every trap of lifting: ranges of strings and
//! lists, encodings, characters, discriminants. It also takes the handles out of the source's table
//! and queues their representations. The second, of [`Move`]s, reads the source again and writes to
//! the destination, where only `realloc`, the limit on a list's length and a full handle table can
//! trap. For most types the first program has little to do, and for numbers nothing.
//!
//! A plan promises, with lifting and lowering values as the reference:
//!
//! - The destination's core values and memory, the calls of its `realloc` and both handle tables
//!   are, byte for byte and call for call, what the reference makes of them, after success as well
//!   as after a trap.
//! - A plan traps exactly when the reference does, and with the same trap.
//! - Bytes that the reference does not write (padding, and what a variant's case leaves unused)
//!   stay as they are. Copying them too would be faster, but would show one component what another
//!   has left in its memory.
//!
//! The exception is that [`Host::reserve`](crate::Host::reserve) is not called, because a plan
//! needs no host memory. The reference needs hosts that hand on the tags of `latin1+utf16` strings
//! ([`Host::next_string_tag`](crate::Host::next_string_tag)); a plan sees them.
//!
//! The source's memory must stay the same until the plan has run. If it does not (threads may share
//! it), the outcome is a trap or whatever was there at some time, checked or not, but never a
//! panic.
//!
//! # What is plain data
//!
//! From memory to memory, integers, characters, enum discriminants and flags that use all their
//! bits are copied as bytes (characters and discriminants after a check), and what is adjacent on
//! both sides merges into one [`Move::Span`]. A list whose elements are one such span without
//! padding is one copy, however long it is. Three kinds of spans change what they copy: a `bool`
//! becomes 0 or 1, and of `f32` and `f64` every NaN becomes the canonical one, as in the spec's
//! deterministic profile, which this crate follows. Flags with unused bits are masked.
//!
//! # Size
//!
//! A plan takes time and memory in proportion to the definitions of its types, though a type of few
//! definitions may have very many paths: small parts are inlined, others become a
//! [`Block`](BlockId) that is called.

mod build;
mod check;
mod display;
mod moves;
mod run;

use alloc::boxed::Box;
use alloc::vec::Vec;

pub use build::{func_plans, plan};
pub use run::run;

use crate::options::Options;
use crate::types::ScalarType;
use crate::types::despecialize::HandleType;
use crate::types::flat::CoreType;

/// How values of certain types get from one component to another.
///
/// Invariants: every [`BlockId`] of a program names one of its blocks; blocks are called by later
/// blocks and by the main one only, so programs end; an operand is of the form of its side, and
/// lies within the slots or the block of memory that a block is run for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// Where the values come from.
    pub(crate) from: Passed,
    /// Where they go.
    pub(crate) to: Passed,
    pub(crate) check: Program<Check>,
    pub(crate) moves: Program<Move>,
}

/// How one side of a call is to pass values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Passing {
    /// The canonical options.
    pub opts: Options,
    /// The most core values that are passed flat; more are passed in memory.
    pub max_flat: usize,
}

impl Passing {
    /// Returns the options with every value in memory.
    pub const fn in_memory(opts: Options) -> Self {
        Self { opts, max_flat: 0 }
    }
}

/// How one side of a [`Plan`] passes its values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Passed {
    /// The canonical options.
    pub opts: Options,
    /// Flat or in memory.
    pub form: Form,
}

/// Where values are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Form {
    /// In core values, of these types.
    Flat(Vec<CoreType>),
    /// In a block of memory, as a tuple's would be.
    Memory {
        /// The block's size in bytes.
        size_bytes: u64,
        /// Its alignment in bytes.
        align: u32,
    },
}

/// Where a value is, from where its block starts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Operand {
    /// In this core value, or in those from here on.
    Flat(u32),
    /// In memory, at this offset in bytes.
    Memory(u64),
}

impl Operand {
    /// Returns the place of what lies here in a block that starts at `base`.
    ///
    /// # Panics
    ///
    /// When one is a slot and the other is not.
    pub fn from_base(self, base: Self) -> Self {
        match (self, base) {
            (Self::Flat(slot), Self::Flat(base)) => Self::Flat(base + slot),
            (Self::Memory(offset), Self::Memory(base)) => Self::Memory(base + offset),
            (Self::Flat(_), Self::Memory(_)) | (Self::Memory(_), Self::Flat(_)) => {
                panic!("an operand is of the form of its side")
            }
        }
    }

    /// Returns whether it is a slot.
    pub const fn is_flat(self) -> bool {
        matches!(self, Self::Flat(_))
    }

    /// Returns the offset of an instruction that is always about memory.
    pub(crate) const fn offset(self) -> u64 {
        match self {
            Self::Memory(offset) => offset,
            Self::Flat(_) => panic!("an instruction about memory is run for memory"),
        }
    }

    /// Returns the start of a block of the same form.
    pub(crate) const fn origin(self) -> Self {
        match self {
            Self::Flat(_) => Self::Flat(0),
            Self::Memory(_) => Self::Memory(0),
        }
    }
}

/// Instructions in blocks. A block works on what starts at some slot or address, on each side.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Program<Op> {
    pub(crate) main: Vec<Op>,
    pub(crate) blocks: Vec<Vec<Op>>,
}

/// Names a block of a [`Program`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct BlockId(pub(crate) u32);

impl BlockId {
    /// Returns the block's position in [`Program::blocks`].
    pub const fn index(self) -> u32 {
        self.0
    }
}

impl<Op> Program<Op> {
    /// Returns the instructions to start with, which work on the plan's values.
    pub fn main(&self) -> &[Op] {
        &self.main
    }

    /// Returns the instructions of all other blocks. A block comes after those that it calls.
    pub fn blocks(&self) -> impl Iterator<Item = &[Op]> {
        self.blocks.iter().map(Vec::as_slice)
    }

    /// Returns the instructions of a block of this program.
    pub fn block(&self, id: BlockId) -> &[Op] {
        &self.blocks[id.0 as usize]
    }
}

impl Plan {
    /// Returns where the values come from.
    pub fn from(&self) -> &Passed {
        &self.from
    }

    /// Returns where the values go.
    pub fn to(&self) -> &Passed {
        &self.to
    }

    /// Returns the program that runs first: what lifting the values checks.
    pub fn check(&self) -> &Program<Check> {
        &self.check
    }

    /// Returns the program that runs second and moves the values.
    pub fn moves(&self) -> &Program<Move> {
        &self.moves
    }
}

/// An instruction of a plan's first program. Every `at` is where something is in the
/// source. Only [`Repeat`](Self::Repeat) is always about memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Check {
    /// Traps unless each of `count` adjacent 4-byte integers, or the one core value, is a Unicode
    /// scalar value.
    Chars {
        /// Where they start.
        at: Operand,
        /// How many.
        count: u64,
    },
    /// Traps unless the integer is less than `n_cases`.
    Discriminant {
        /// Where it is.
        at: Operand,
        /// Its size in memory: 1, 2 or 4 bytes.
        size_bytes: u32,
        /// How many cases there are.
        n_cases: u32,
    },
    /// Traps unless the discriminant names an arm, then runs that arm, if there is something to
    /// run.
    Switch {
        /// Where the discriminant is.
        at: Operand,
        /// Its size in memory: 1, 2 or 4 bytes.
        size_bytes: u32,
        /// Where the payload is, to run the arm for.
        payload_at: Operand,
        /// What to run, by case.
        arms: Box<[Option<BlockId>]>,
    },
    /// Traps unless the pointer and length there are those of a string in the source's encoding.
    String {
        /// Where they are.
        at: Operand,
    },
    /// Traps unless the pointer and length there are those of a list, then checks the elements.
    List {
        /// Where they are.
        at: Operand,
        /// The size of an element, in bytes.
        stride: u64,
        /// The alignment of an element, in bytes.
        align: u32,
        /// What to do for each element.
        each: CheckEach,
    },
    /// Runs a block for each of `count` elements that are stored in place.
    Repeat {
        /// Where the first is, in bytes.
        at: u64,
        /// How many.
        count: u32,
        /// The size of an element, in bytes.
        stride: u64,
        /// What to run.
        body: BlockId,
    },
    /// Runs a block.
    Call {
        /// For what is there.
        at: Operand,
        /// What to run.
        body: BlockId,
    },
    /// Takes the handle whose index is there out of the source's table, or lends it, and puts its
    /// representation last in the queue.
    Handle {
        /// Where the index is.
        at: Operand,
        /// The type: `own`, `borrow`, `error-context`, `stream` or `future`.
        ty: HandleType,
    },
}

/// What is checked of a list's elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CheckEach {
    /// Nothing.
    Nothing,
    /// The elements are this many characters each and nothing else.
    Chars {
        /// How many an element has.
        count: u64,
    },
    /// What a block checks.
    Block(BlockId),
}

/// An instruction of a plan's second program. `to` and `from` are where something is in the
/// destination and in the source. [`Span`](Self::Span) and [`Repeat`](Self::Repeat) are always from
/// memory to memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Move {
    /// Copies adjacent data.
    Span {
        /// What the data is made of.
        units: Units,
        /// Where to, in bytes.
        to: u64,
        /// Where from, in bytes.
        from: u64,
        /// How many units of [`Units::unit_bytes`].
        count: u64,
    },
    /// Copies a scalar from or to a core value: extended, or cut to its size in memory. A `bool`
    /// becomes 0 or 1, a NaN the canonical one.
    Scalar {
        /// The scalar's type. The discriminant of an enum is an unsigned integer of its size in
        /// memory.
        ty: ScalarType,
        /// Where to.
        to: Operand,
        /// Where from.
        from: Operand,
    },
    /// Copies flags without those bits that no label has.
    Flags {
        /// Where to.
        to: Operand,
        /// Where from.
        from: Operand,
        /// Their size in memory: 1, 2 or 4 bytes.
        size_bytes: u32,
        /// The bits that have labels.
        mask: u32,
    },
    /// Copies the discriminant, then runs the arm that it names, if there is something to run.
    Switch {
        /// Where the discriminant goes.
        to: Operand,
        /// Where it comes from.
        from: Operand,
        /// Its size in memory: 1, 2 or 4 bytes.
        size_bytes: u32,
        /// Where the payload goes.
        to_payload: Operand,
        /// Where the payload comes from.
        from_payload: Operand,
        /// What to run, by case.
        arms: Box<[Option<BlockId>]>,
    },
    /// Transcodes a string into a new block, with the `realloc` calls that the spec's
    /// `store_string_into_range` makes for both encodings, and writes its pointer and length.
    String {
        /// Where pointer and length go.
        to: Operand,
        /// Where they come from.
        from: Operand,
    },
    /// Allocates room for a list's elements unless they take more than
    /// [`MAX_LIST_BYTE_LENGTH`](crate::trap::MAX_LIST_BYTE_LENGTH), moves them, and writes pointer
    /// and length.
    List {
        /// Where pointer and length go.
        to: Operand,
        /// Where they come from.
        from: Operand,
        /// The size of an element in the destination, in bytes.
        to_stride: u64,
        /// The size of an element in the source, in bytes.
        from_stride: u64,
        /// The alignment of an element in the destination, in bytes.
        align: u32,
        /// What to do for each element.
        each: MoveEach,
    },
    /// Runs a block for each of `count` elements that are stored in place.
    Repeat {
        /// Where the first goes, in bytes.
        to: u64,
        /// Where the first comes from, in bytes.
        from: u64,
        /// How many.
        count: u32,
        /// The size of an element in the destination, in bytes.
        to_stride: u64,
        /// The size of an element in the source, in bytes.
        from_stride: u64,
        /// What to run.
        body: BlockId,
    },
    /// Runs a block.
    Call {
        /// For this place in the destination.
        to: Operand,
        /// And this one in the source.
        from: Operand,
        /// What to run.
        body: BlockId,
    },
    /// Adds a handle for the representation that is first in the queue to the destination's table,
    /// and writes its index.
    Handle {
        /// Where the index goes.
        to: Operand,
        /// The type: `own`, `borrow`, `error-context`, `stream` or `future`.
        ty: HandleType,
    },
}

/// What is done with a list's elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MoveEach {
    /// All elements are one span, without padding on either side.
    Span {
        /// What they are made of.
        units: Units,
        /// How many units an element has.
        count: u64,
    },
    /// What a block does.
    Block(BlockId),
}

/// What a span of adjacent data is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Units {
    /// Bytes that are copied as they are.
    Bytes,
    /// Bytes of which each that is not 0 becomes 1.
    Bools,
    /// Floats of 4 bytes, of which every NaN becomes the canonical one.
    F32s,
    /// Floats of 8 bytes, of which every NaN becomes the canonical one.
    F64s,
}

impl Units {
    /// Returns the size of a unit, in bytes.
    pub const fn unit_bytes(self) -> u64 {
        match self {
            Self::Bytes | Self::Bools => 1,
            Self::F32s => 4,
            Self::F64s => 8,
        }
    }
}
