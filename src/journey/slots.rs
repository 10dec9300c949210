//! A table from hashes to ids, of which the caller may look at many places at once.

/// Open addressing, at most three quarters full. Who finds an id compares what it stands for: other texts may have the same hash.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    n_used: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    hash: u32,
    /// The id and one; 0 where there is none.
    id: u32,
}

impl Slots {
    /// Room for so many ids.
    pub fn with_capacity(n: usize) -> Self {
        Slots { slots: vec![Slot::default(); (n + n / 2).next_power_of_two().max(16)], n_used: 0 }
    }

    fn step(&self, at: usize) -> usize {
        at & (self.slots.len() - 1)
    }

    /// The id where a hash is looked for first, if that is of this hash.
    #[inline(always)]
    pub fn first(&self, hash: u32) -> Option<u32> {
        let slot = self.slots[self.step(hash as usize)];
        if slot.hash == hash { slot.id.checked_sub(1) } else { None }
    }

    /// The id of this hash that is the one.
    #[inline]
    pub fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.step(hash as usize);
        loop {
            let slot = self.slots[at];
            let id = slot.id.checked_sub(1)?;
            if slot.hash == hash && is_it(id) {
                return Some(id);
            }
            at = self.step(at + 1);
        }
    }

    /// Adds an id that is not there.
    pub fn insert(&mut self, hash: u32, id: u32) {
        if 4 * (self.n_used + 1) > 3 * self.slots.len() {
            self.grow();
        }
        self.put(Slot { hash, id: id + 1 });
        self.n_used += 1;
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.step(slot.hash as usize);
        while self.slots[at].id != 0 {
            at = self.step(at + 1);
        }
        self.slots[at] = slot;
    }

    #[cold]
    fn grow(&mut self) {
        let bigger = vec![Slot::default(); 2 * self.slots.len()];
        let before = std::mem::replace(&mut self.slots, bigger);
        before.into_iter().filter(|slot| slot.id != 0).for_each(|slot| self.put(slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_found_by_its_hash_and_nothing_else_is() {
        let mut slots = Slots::with_capacity(0);
        // Many of the same hash, and hashes that begin their search at the same place.
        let hash = |id: u32| if id.is_multiple_of(3) { 7 } else { id.wrapping_mul(1 << 20) };
        for id in 0..5_000 {
            assert_eq!(slots.find(hash(id), |known| known == id), None);
            slots.insert(hash(id), id);
        }
        for id in 0..5_000 {
            assert_eq!(slots.find(hash(id), |known| known == id), Some(id));
            assert_eq!(slots.find(hash(id), |_| false), None);
            assert!(slots.first(hash(id)).is_none_or(|known| hash(known) == hash(id)));
        }
        assert_eq!(slots.find(3, |_| true), None);
    }
}
