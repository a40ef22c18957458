//! What listed names share with the subject's: an account for each name, of which the best are compared in full.

use super::vocabulary::Neighbour;

/// What each name shares with the subject's; made anew by no query, only cleaned.
#[derive(Default)]
pub struct Shared {
    worth: Vec<f32>,
    touched: Vec<u32>,
    /// Listed parts that the subject's may mean.
    pub neighbours: Vec<Neighbour>,
}

impl Shared {
    /// Forgets the subject before; for an index of so many names.
    pub fn begin(&mut self, names: usize) {
        for name in self.touched.drain(..) {
            if let Some(worth) = self.worth.get_mut(name as usize) {
                *worth = 0.0;
            }
        }
        self.worth.resize(names, 0.0);
        self.neighbours.clear();
    }

    /// Adds to a name what it shares; a name that shares nothing yet only where it `opens`.
    pub fn add(&mut self, name: u32, worth: f32, opens: bool) {
        let sum = &mut self.worth[name as usize];
        if *sum == 0.0 {
            if !opens {
                return;
            }
            self.touched.push(name);
        }
        *sum += worth;
    }

    /// Adds to every name that shares something.
    pub fn adjust(&mut self, by: impl Fn(u32) -> f32) {
        self.touched.iter().for_each(|name| self.worth[*name as usize] += by(*name));
    }

    /// The best `count` names after the `from` best ones, which were asked for before; equal ones in the order of the lists.
    pub fn best(&mut self, from: usize, count: usize) -> &[u32] {
        let worth = &self.worth;
        let by_worth = |a: &u32, b: &u32| worth[*b as usize].total_cmp(&worth[*a as usize]).then(a.cmp(b));
        let from = from.min(self.touched.len());
        let rest = &mut self.touched[from..];
        let count = count.min(rest.len());
        if count < rest.len() {
            rest.select_nth_unstable_by(count, by_worth);
        }
        rest[..count].sort_unstable_by(by_worth);
        &rest[..count]
    }
}
