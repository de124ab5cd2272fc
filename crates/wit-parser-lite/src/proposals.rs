//! WebAssembly proposals that decide what WIT may say. Each is off unless it is asked for.
//!
//! They are not the features of `@unstable` gates, which are a package's own. A text that needs a
//! proposal has a binary that only validates with this proposal, so tools that read and write both
//! must be given the same set. The names are those that validators have.

/// A proposal that is off unless it is asked for. All others are on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proposal {
    /// Package names with nested namespaces, and nested packages: `a:b/c`.
    NestedNames,
    /// The type `error-context`.
    ErrorContext,
    /// Getters and setters.
    Accessors,
}

impl Proposal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::NestedNames, Self::ErrorContext, Self::Accessors];

    /// Returns the name by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::NestedNames => "cm-nested-names",
            Self::ErrorContext => "cm-error-context",
            Self::Accessors => "cm-accessors",
        }
    }
}

/// The proposals that are on. By default none is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Proposals {
    /// A bit for each of [`Proposal::ALL`].
    on: u8,
}

impl Proposals {
    /// Returns all of them.
    pub fn all() -> Self {
        Proposal::ALL.into_iter().collect()
    }

    /// Returns whether a proposal is on.
    pub fn contains(self, proposal: Proposal) -> bool {
        self.on & bit(proposal) != 0
    }
}

impl FromIterator<Proposal> for Proposals {
    fn from_iter<T: IntoIterator<Item = Proposal>>(proposals: T) -> Self {
        Self { on: proposals.into_iter().fold(0, |on, proposal| on | bit(proposal)) }
    }
}

fn bit(proposal: Proposal) -> u8 {
    match proposal {
        Proposal::NestedNames => 1,
        Proposal::ErrorContext => 2,
        Proposal::Accessors => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        for one in Proposal::ALL {
            let set: Proposals = [one].into_iter().collect();
            for other in Proposal::ALL {
                assert_eq!(set.contains(other), one == other, "{one:?} {other:?}");
            }
            assert!(Proposals::all().contains(one) && !Proposals::default().contains(one), "{one:?}");
        }
    }
}
