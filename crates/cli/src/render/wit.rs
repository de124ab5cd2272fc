//! Types as WIT, with the names of a package.
//!
//! Types of equal structure are one type in the arena, and it has the first of their names.

use std::collections::HashMap;

use canonical_abi::{Types, ValType};

use super::escape;
use crate::catalog::NamedType;
use crate::parts::components;
use crate::type_names::goes_by_name;

/// The maximum number of types that one text mentions.
const MAX_MENTIONS: u32 = 400;

/// The names and anchors of types.
pub(super) struct Names<'a> {
    types: &'a Types,
    by_type: HashMap<ValType, (String, String)>,
}

impl<'a> Names<'a> {
    /// Returns the names of these types, each with the anchor of its section in the page.
    pub(super) fn new<'n>(types: &'a Types, named: impl Iterator<Item = (&'n NamedType, String)>) -> Self {
        let mut by_type = HashMap::new();
        for (named, anchor) in named {
            if goes_by_name(types, named.ty) {
                by_type.entry(named.ty).or_insert((named.name.clone(), anchor));
            }
        }
        Self { types, by_type }
    }

    /// Returns whether the page has a section about the type.
    pub(super) fn has_section(&self, ty: ValType) -> bool {
        self.by_type.contains_key(&ty)
    }

    /// Returns the anchor of the page's section about the type.
    pub(super) fn anchor(&self, ty: ValType) -> Option<&str> {
        self.by_type.get(&ty).map(|(_, anchor)| anchor.as_str())
    }

    /// Returns a type as HTML: its name as a link, or its definition.
    pub(super) fn html(&self, ty: ValType) -> String {
        let mut out = String::new();
        self.write(&mut out, &mut MAX_MENTIONS.clone(), ty);
        out
    }

    /// Returns a type's definition as HTML, whether or not it has a name.
    pub(super) fn definition_html(&self, ty: ValType) -> String {
        let mut out = String::new();
        self.write_definition(&mut out, &mut MAX_MENTIONS.clone(), ty);
        out
    }

    /// Returns the named types that a type mentions: itself or within, also through other named
    /// types.
    pub(super) fn mentions(&self, ty: ValType) -> Vec<ValType> {
        let mut mentions = Vec::new();
        self.collect(ty, &mut mentions, &mut MAX_MENTIONS.clone(), true);
        mentions
    }

    /// Returns the named types that a type mentions, itself or within, but not through other named
    /// types.
    pub(super) fn direct_mentions(&self, ty: ValType) -> Vec<ValType> {
        let mut mentions = Vec::new();
        self.collect(ty, &mut mentions, &mut MAX_MENTIONS.clone(), false);
        mentions
    }

    /// Returns the named types that the definition of a type mentions, but not through other named
    /// types.
    pub(super) fn mentions_within(&self, ty: ValType) -> Vec<ValType> {
        let components = components(self.types, ty);
        components.into_iter().filter_map(|(_, ty)| ty).flat_map(|ty| self.direct_mentions(ty)).collect()
    }

    fn collect(&self, ty: ValType, mentions: &mut Vec<ValType>, left: &mut u32, passes_names: bool) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        if self.by_type.contains_key(&ty) {
            if !mentions.contains(&ty) {
                mentions.push(ty);
            }
            if !passes_names {
                return;
            }
        }
        for (_, component) in components(self.types, ty) {
            if let Some(component) = component {
                self.collect(component, mentions, left, passes_names);
            }
        }
    }

    fn write(&self, out: &mut String, left: &mut u32, ty: ValType) {
        match self.by_type.get(&ty) {
            Some((name, anchor)) => {
                out.push_str(&format!("<a href=\"#{anchor}\">{}</a>", escape(name)));
            }
            None => self.write_definition(out, left, ty),
        }
    }

    fn write_definition(&self, out: &mut String, left: &mut u32, ty: ValType) {
        if *left == 0 {
            out.push('…');
            return;
        }
        *left -= 1;
        let parts = components(self.types, ty);
        match ty {
            ValType::Record(_) => self.write_lines(out, left, "record", &parts, [": ", ""]),
            ValType::Variant(_) => self.write_lines(out, left, "variant", &parts, ["(", ")"]),
            ValType::Enum(_) => self.write_lines(out, left, "enum", &parts, ["", ""]),
            ValType::Flags(_) => self.write_lines(out, left, "flags", &parts, ["", ""]),
            ValType::List(_) => self.write_generic(out, left, "list", &parts),
            ValType::FixedLengthList(id) => {
                out.push_str("list&lt;");
                self.write(out, left, self.types[id].element);
                out.push_str(&format!(", {}&gt;", self.types[id].length));
            }
            ValType::Map(_) => self.write_generic(out, left, "map", &parts),
            ValType::Tuple(_) => self.write_generic(out, left, "tuple", &parts),
            ValType::Option(_) => self.write_generic(out, left, "option", &parts),
            ValType::Result(_) => self.write_generic(out, left, "result", &parts),
            ValType::Stream(_) => self.write_generic(out, left, "stream", &parts),
            ValType::Future(_) => self.write_generic(out, left, "future", &parts),
            ValType::Scalar(_)
            | ValType::String
            | ValType::ErrorContext
            | ValType::Own(_)
            | ValType::Borrow(_) => {
                out.push_str(&escape(&canonical_abi::display(self.types, ty).to_string()));
            }
        }
    }

    /// Writes `keyword { label, … }` with the types between the brackets.
    fn write_lines(
        &self,
        out: &mut String,
        left: &mut u32,
        keyword: &str,
        parts: &[(String, Option<ValType>)],
        [before, after]: [&str; 2],
    ) {
        out.push_str(keyword);
        out.push_str(" { ");
        for (i, (label, ty)) in parts.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { ", " });
            out.push_str(&escape(label));
            if let Some(ty) = ty {
                out.push_str(before);
                self.write(out, left, *ty);
                out.push_str(after);
            }
        }
        out.push_str(" }");
    }

    /// Writes `name<types>`, with `_` for a missing type before another.
    fn write_generic(
        &self,
        out: &mut String,
        left: &mut u32,
        name: &str,
        parts: &[(String, Option<ValType>)],
    ) {
        out.push_str(name);
        let Some(last) = parts.iter().rposition(|(_, ty)| ty.is_some()) else { return };
        out.push_str("&lt;");
        for (i, (_, ty)) in parts[..=last].iter().enumerate() {
            out.push_str(if i == 0 { "" } else { ", " });
            match ty {
                Some(ty) => self.write(out, left, *ty),
                None => out.push('_'),
            }
        }
        out.push_str("&gt;");
    }
}
