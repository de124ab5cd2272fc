//! What is particular to scripts of the core language: modules, arguments and result patterns.

use super::{Encoded, unknown};
use crate::subjects::{CoreVal, Heap, LanePattern, Pattern};
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::token::{F32, F64};
use wast::{QuoteWat, Wat};

/// Encodes a module; its name comes with it.
pub(crate) fn encode_module(mut module: QuoteWat<'_>) -> Result<(Option<String>, Encoded), String> {
    match &module {
        QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..) => {
            unknown("a component in a core script")
        }
        QuoteWat::Wat(Wat::Module(_)) | QuoteWat::QuoteModule(..) => {
            let name = module.name().map(|id| id.name().to_owned());
            Ok((name, module.encode().map_err(|error| error.message())))
        }
    }
}

/// Returns an argument's value.
pub(crate) fn core_argument(arg: &WastArgCore<'_>) -> CoreVal {
    match arg {
        WastArgCore::I32(v) => CoreVal::I32(v.cast_unsigned()),
        WastArgCore::I64(v) => CoreVal::I64(v.cast_unsigned()),
        WastArgCore::F32(v) => CoreVal::F32(v.bits),
        WastArgCore::F64(v) => CoreVal::F64(v.bits),
        WastArgCore::V128(v) => CoreVal::V128(u128::from_le_bytes(v.to_le_bytes())),
        WastArgCore::RefNull(ty) => CoreVal::RefNull(heap(ty)),
        WastArgCore::RefExtern(v) => CoreVal::RefExtern(*v),
        WastArgCore::RefHost(v) => CoreVal::Other(format!("ref.host {v}")),
    }
}

/// Returns what a result must be.
pub(crate) fn core_result(ret: &WastRetCore<'_>) -> Pattern {
    match ret {
        WastRetCore::I32(v) => Pattern::Is(CoreVal::I32(v.cast_unsigned())),
        WastRetCore::I64(v) => Pattern::Is(CoreVal::I64(v.cast_unsigned())),
        WastRetCore::F32(v) => float(false, 32, [lane32(v)]),
        WastRetCore::F64(v) => float(false, 64, [lane64(v)]),
        WastRetCore::V128(v) => vector(v),
        WastRetCore::RefNull(ty) => Pattern::Is(CoreVal::RefNull(ty.as_ref().map_or(Heap::Unsaid, heap))),
        WastRetCore::RefExtern(Some(v)) => Pattern::Is(CoreVal::RefExtern(*v)),
        WastRetCore::RefExtern(None) => Pattern::AnyExtern,
        WastRetCore::RefFunc(None) => Pattern::Is(CoreVal::RefFunc),
        WastRetCore::RefFunc(Some(_)) => Pattern::Unwritable("ref.func of an index".to_owned()),
        WastRetCore::Either(cases) => Pattern::Either(cases.iter().map(core_result).collect()),
        WastRetCore::RefHost(v) => Pattern::Unwritable(format!("ref.host {v}")),
        WastRetCore::RefAny => Pattern::Unwritable("ref.any".to_owned()),
        WastRetCore::RefEq => Pattern::Unwritable("ref.eq".to_owned()),
        WastRetCore::RefArray => Pattern::Unwritable("ref.array".to_owned()),
        WastRetCore::RefStruct => Pattern::Unwritable("ref.struct".to_owned()),
        WastRetCore::RefI31 => Pattern::Unwritable("ref.i31".to_owned()),
        WastRetCore::RefI31Shared => Pattern::Unwritable("ref.i31_shared".to_owned()),
    }
}

fn float<const N: usize>(vector: bool, bits: u32, lanes: [LanePattern; N]) -> Pattern {
    Pattern::Lanes { vector, bits, lanes: lanes.to_vec() }
}

fn vector(pattern: &V128Pattern) -> Pattern {
    let bits = |bytes: Vec<u8>| {
        let bytes = bytes.try_into().expect("the lanes of a vector have 16 bytes together");
        Pattern::Is(CoreVal::V128(u128::from_le_bytes(bytes)))
    };
    match pattern {
        V128Pattern::I8x16(lanes) => bits(lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect()),
        V128Pattern::I16x8(lanes) => bits(lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect()),
        V128Pattern::I32x4(lanes) => bits(lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect()),
        V128Pattern::I64x2(lanes) => bits(lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect()),
        V128Pattern::F32x4(lanes) => float(true, 32, lanes.each_ref().map(lane32)),
        V128Pattern::F64x2(lanes) => float(true, 64, lanes.each_ref().map(lane64)),
    }
}

fn lane32(pattern: &NanPattern<F32>) -> LanePattern {
    match pattern {
        NanPattern::CanonicalNan => LanePattern::CanonicalNan,
        NanPattern::ArithmeticNan => LanePattern::ArithmeticNan,
        NanPattern::Value(v) => LanePattern::Bits(u64::from(v.bits)),
    }
}

fn lane64(pattern: &NanPattern<F64>) -> LanePattern {
    match pattern {
        NanPattern::CanonicalNan => LanePattern::CanonicalNan,
        NanPattern::ArithmeticNan => LanePattern::ArithmeticNan,
        NanPattern::Value(v) => LanePattern::Bits(v.bits),
    }
}

fn heap(ty: &HeapType<'_>) -> Heap {
    let HeapType::Abstract { ty, .. } = ty else { return Heap::Unsaid };
    match ty {
        AbstractHeapType::Func | AbstractHeapType::NoFunc => Heap::Func,
        AbstractHeapType::Extern | AbstractHeapType::NoExtern => Heap::Extern,
        AbstractHeapType::Exn | AbstractHeapType::NoExn => Heap::Exn,
        AbstractHeapType::Any
        | AbstractHeapType::Eq
        | AbstractHeapType::Struct
        | AbstractHeapType::Array
        | AbstractHeapType::I31
        | AbstractHeapType::None => Heap::Any,
        AbstractHeapType::Cont | AbstractHeapType::NoCont => Heap::Unsaid,
    }
}
