//! Viterbi search over the states of CTC for a row of known length and kinds of characters.

use super::{ALPHABET, BLANK, Kind, Step};

/// Smallest probability that a step counts with: a network is never that sure.
const FLOOR: f32 = 1e-5;
/// Log probability of a filler that lies beyond the end of the crop.
pub(super) const UNSEEN_FILLER: f32 = -1.5;
/// States of one step: before position i a blank, at position i one of 37 characters.
const WIDTH: usize = ALPHABET.len() + 1;

/// Best log probabilities and where each came from.
pub(super) struct Lattice {
    positions: usize,
    /// Back pointers, one row of states a step: the state of the step before.
    back: Vec<Vec<u32>>,
    last: Vec<f32>,
}

impl Lattice {
    /// State of character `class` at `position`; the blank before it is class [`BLANK`].
    const fn state(position: usize, class: usize) -> usize {
        position * WIDTH + class
    }

    pub(super) fn fill(steps: &[Step], kinds: &[Kind]) -> Self {
        let positions = kinds.len();
        // One more blank, after the last character.
        let states = positions * WIDTH + WIDTH;
        let mut now = vec![f32::NEG_INFINITY; states];
        now[Self::state(0, BLANK)] = 0.0;
        let mut back = Vec::with_capacity(steps.len());
        for step in steps {
            let mut next = vec![f32::NEG_INFINITY; states];
            let mut from = vec![0_u32; states];
            for position in 0..=positions {
                let entry = Self::entry(&now, position);
                let blank = Self::state(position, BLANK);
                let (score, origin) = better((now[blank], blank), entry[0]);
                next[blank] = score + log(step[BLANK]);
                from[blank] = origin as u32;
                let Some(kind) = kinds.get(position) else { continue };
                for (class, byte) in ALPHABET.iter().enumerate() {
                    if !kind.allows(*byte) {
                        continue;
                    }
                    // A repeated character needs a blank between.
                    let previous = if entry[0].1 % WIDTH == class { entry[1] } else { entry[0] };
                    let own = Self::state(position, class);
                    let arriving = better((now[blank], blank), previous);
                    let (score, origin) = better((now[own], own), arriving);
                    if score > f32::NEG_INFINITY {
                        next[own] = score + log(kind.probability(step, class));
                        from[own] = origin as u32;
                    }
                }
            }
            back.push(from);
            now = next;
        }
        Self { positions, back, last: now }
    }

    /// The two best characters of the position before `position`.
    fn entry(now: &[f32], position: usize) -> [(f32, usize); 2] {
        let mut best = [(f32::NEG_INFINITY, BLANK); 2];
        let Some(before) = position.checked_sub(1) else { return best };
        for class in 0..BLANK {
            let state = Self::state(before, class);
            let candidate = (now[state], state);
            if candidate.0 > best[0].0 {
                best = [candidate, best[0]];
            } else if candidate.0 > best[1].0 {
                best[1] = candidate;
            }
        }
        best
    }

    /// Number of seen characters and total log probability of the best row: the rest must be allowed to be fillers.
    pub(super) fn best_end(&self, kinds: &[Kind]) -> Option<(usize, f32)> {
        let unseen = kinds.iter().rev().take_while(|kind| kind.allows(b'<')).count();
        let mut best: Option<(usize, f32)> = None;
        for seen in self.positions - unseen..=self.positions {
            let score = self.end_of(seen).0 + UNSEEN_FILLER * (self.positions - seen) as f32;
            if score > best.map_or(f32::NEG_INFINITY, |(_, other)| other) {
                best = Some((seen, score));
            }
        }
        best
    }

    /// The best state after `seen` characters: the last of them, or the blank after it.
    fn end_of(&self, seen: usize) -> (f32, usize) {
        let blank = Self::state(seen, BLANK);
        better((self.last[blank], blank), Self::entry(&self.last, seen)[0])
    }

    /// The character, if any, that each step shows on the best path to `seen` characters.
    pub(super) fn trace(&self, seen: usize) -> Vec<Option<(usize, usize)>> {
        let mut state = self.end_of(seen).1;
        let mut path = Vec::with_capacity(self.back.len());
        for from in self.back.iter().rev() {
            let (position, class) = (state / WIDTH, state % WIDTH);
            path.push((class != BLANK).then_some((position, class)));
            state = from[state] as usize;
        }
        path.reverse();
        path
    }
}

fn better(a: (f32, usize), b: (f32, usize)) -> (f32, usize) {
    if b.0 > a.0 { b } else { a }
}

fn log(probability: f32) -> f32 {
    probability.max(FLOOR).ln()
}
