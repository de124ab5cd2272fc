//! x
use cranelift_codegen::ir::TrapCode;
use cranelift_codegen::isa::TargetIsa;
use crate::decode::Body;
use crate::error::Result;
use crate::module::ModuleInfo;
use crate::types::FuncType;
use crate::vm_layout::VmLayout;

pub(crate) struct Compiled { pub(crate) text: Vec<u8>, pub(crate) funcs: Vec<FuncRange>, pub(crate) traps: Vec<TrapSite>, pub(crate) addresses: Vec<Address> }
pub(crate) struct FuncRange { pub(crate) start: u32, pub(crate) end: u32 }
pub(crate) struct TrapSite { pub(crate) offset: u32, pub(crate) code: TrapCode }
pub(crate) struct Address { pub(crate) code_offset: u32, pub(crate) module_offset: Option<u32> }
pub(crate) fn module(_isa: &dyn TargetIsa, _info: &ModuleInfo, _layout: &VmLayout, _bodies: Vec<Body<'_>>) -> Result<Compiled> { Err(crate::Error::unsupported("compiling")) }
pub(crate) fn trampolines(_isa: &dyn TargetIsa, _ty: &FuncType) -> Result<Compiled> { Err(crate::Error::unsupported("compiling")) }
