//! A queue in which owners take turns, so that whoever waits behind a flood waits for one piece of it at a time.

use std::collections::VecDeque;

use super::Owner;

/// What waits: for each owner in order of arrival, and the owners in the order of their turns.
pub(super) struct Turns<T>(VecDeque<(Owner, VecDeque<T>)>);

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Turns<T> {
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|(_, own)| own.len()).sum()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Behind what the owner has in the queue; an owner who has nothing in it gets the last turn.
    pub(super) fn push(&mut self, owner: Owner, work: T) {
        match self.0.iter_mut().find(|(other, _)| *other == owner) {
            Some((_, own)) => own.push_back(work),
            None => self.0.push_back((owner, VecDeque::from([work]))),
        }
    }

    /// Whose turn it is: the first of its work.
    pub(super) fn next(&self) -> Option<&T> {
        self.0.front().and_then(|(_, own)| own.front())
    }

    /// Takes it; the owner's next turn comes after everybody else's.
    pub(super) fn take(&mut self) -> Option<T> {
        let (owner, mut own) = self.0.pop_front()?;
        let work = own.pop_front();
        if !own.is_empty() {
            self.0.push_back((owner, own));
        }
        work
    }

    /// Drops it; the turn stays its owner's.
    pub(super) fn drop_next(&mut self) {
        let Some((_, own)) = self.0.front_mut() else { return };
        own.pop_front();
        if own.is_empty() {
            self.0.pop_front();
        }
    }

    /// Keeps only what is `wanted`.
    pub(super) fn retain(&mut self, wanted: impl Fn(&T) -> bool) {
        self.0.iter_mut().for_each(|(_, own)| own.retain(&wanted));
        self.0.retain(|(_, own)| !own.is_empty());
    }

    /// The last piece of whoever has the most, if the owner would still have no more than that with one more.
    pub(super) fn give_way(&mut self, owner: Owner) -> Option<T> {
        let has = self.0.iter().find(|(other, _)| *other == owner).map_or(0, |(_, own)| own.len());
        let (_, most) = self.0.iter_mut().max_by_key(|(_, own)| own.len())?;
        if most.len() <= has + 1 { None } else { most.pop_back() }
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::PartnerId;
    use uuid::Uuid;

    use super::*;

    fn owner(number: u128) -> Owner {
        Some(PartnerId::new(Uuid::from_u128(number)))
    }

    fn all(mut turns: Turns<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| turns.take()).collect()
    }

    #[test]
    fn owners_take_turns_and_each_keeps_its_order() {
        let mut turns = Turns::default();
        for work in ["a1", "a2", "a3", "a4"] {
            turns.push(owner(1), work);
        }
        turns.push(owner(2), "b1");
        assert_eq!(turns.take(), Some("a1"));
        turns.push(None, "c1");
        turns.push(owner(2), "b2");
        assert_eq!(all(turns), ["b1", "a2", "c1", "b2", "a3", "a4"]);
    }

    #[test]
    fn who_has_the_most_gives_way_until_all_have_the_same() {
        let mut turns = Turns::default();
        for work in ["a1", "a2", "a3"] {
            turns.push(owner(1), work);
        }
        assert_eq!(turns.give_way(owner(1)), None, "not to itself");
        assert_eq!(turns.give_way(owner(2)), Some("a3"));
        turns.push(owner(2), "b1");
        assert_eq!(turns.give_way(owner(2)), None, "two and one: one more would only turn it round");
        assert_eq!(turns.give_way(owner(3)), Some("a2"));
    }

    #[test]
    fn what_is_dropped_costs_its_owner_no_turn() {
        let mut turns = Turns::default();
        for (who, work) in [(1, "a1"), (1, "a2"), (2, "b1")] {
            turns.push(owner(who), work);
        }
        turns.drop_next();
        assert_eq!((turns.next(), turns.len()), (Some(&"a2"), 2));
        turns.retain(|work| *work != "a2");
        assert_eq!(all(turns), ["b1"]);
    }
}
