//! How much work one image may cost.
//!
//! Counted in what the networks are given, never in time: the same image gets the same answer on every machine, however
//! busy it is. A unit is one column of pixels of a line that the quick recogniser reads; the others are weighed by what
//! they were measured to take beside it.

use std::cell::Cell;

/// Which of the two pairs of networks works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// The quick ones.
    Fast,
    /// The thorough ones.
    Thorough,
}

impl Tier {
    /// Work of looking for lines among so many pixels.
    pub(super) const fn detecting(self, pixels: u64) -> u64 {
        match self {
            Self::Fast => pixels / 70,
            Self::Thorough => pixels / 16,
        }
    }

    /// Work of reading a line of so many columns.
    pub(super) const fn reading(self, columns: u64) -> u64 {
        match self {
            Self::Fast => columns,
            Self::Thorough => columns * 5,
        }
    }
}

/// Work that may still be done on an image.
pub(super) struct Effort {
    left: Cell<u64>,
}

impl Effort {
    /// So much work and no more.
    pub(super) const fn new(work: u64) -> Self {
        Self { left: Cell::new(work) }
    }

    /// Takes `work` if so much is left, else nothing.
    pub(super) fn take(&self, work: u64) -> bool {
        let rest = self.left.get().checked_sub(work);
        if let Some(rest) = rest {
            self.left.set(rest);
        }
        rest.is_some()
    }

    /// What is left.
    pub(super) const fn left(&self) -> u64 {
        self.left.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_left_is_not_taken() {
        let effort = Effort::new(10);
        assert!(effort.take(6) && !effort.take(5) && effort.take(4));
        assert_eq!(effort.left(), 0);
    }
}
