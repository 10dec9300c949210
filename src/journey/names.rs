//! A dictionary of distinct texts, numbered in order of first appearance.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Distinct texts and their ids. All texts share one buffer; a look-up compares bytes only where the hash agrees.
#[derive(Debug, Clone, Default)]
pub struct Names {
    bytes: String,
    ends: Vec<u64>,
    /// Hash (its upper half) and id of every text.
    table: HashTable<(u32, u32)>,
    hasher: DefaultHashBuilder,
}

impl Names {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text with this id.
    ///
    /// # Panics
    /// When the id was not handed out by this dictionary.
    #[inline]
    pub fn name(&self, id: u32) -> &str {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] as usize };
        &self.bytes[start..self.ends[id] as usize]
    }

    pub fn get(&self, text: &str) -> Option<u32> {
        let hash = self.short_hash(text);
        self.table.find(spread(hash), |&(h, id)| h == hash && self.name(id) == text).map(|&(_, id)| id)
    }

    /// The id of `text`, which is added where it is new.
    ///
    /// # Panics
    /// At more than 2³² distinct texts; a load refuses more rows than that.
    #[inline]
    pub fn intern(&mut self, text: &str) -> u32 {
        let hash = self.short_hash(text);
        if let Some(&(_, id)) = self.table.find(spread(hash), |&(h, id)| h == hash && self.name(id) == text) {
            return id;
        }
        let id = u32::try_from(self.ends.len()).expect("a load holds fewer than 2^32 rows");
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u64);
        self.table.insert_unique(spread(hash), (hash, id), |&(h, _)| spread(h));
        id
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len() as u32).map(|id| self.name(id))
    }

    /// Adds every text of `other` and returns, for each of its ids, the id here.
    pub fn merge(&mut self, other: &Names) -> Vec<u32> {
        other.iter().map(|text| self.intern(text)).collect()
    }

    /// For every id, its place in text order (by Unicode code points).
    pub fn text_ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.len()];
        for (rank, id) in self.in_text_order().into_iter().enumerate() {
            ranks[id as usize] = rank as u32;
        }
        ranks
    }

    /// All ids in text order.
    pub fn in_text_order(&self) -> Vec<u32> {
        use rayon::slice::ParallelSliceMut;
        let mut ids: Vec<u32> = (0..self.len() as u32).collect();
        ids.par_sort_unstable_by(|&a, &b| self.name(a).cmp(self.name(b)));
        ids
    }

    #[inline]
    fn short_hash(&self, text: &str) -> u32 {
        (self.hasher.hash_one(text.as_bytes()) >> 32) as u32
    }
}

/// The table takes its buckets from the low bits and its tags from the high ones; the 32 bits that are kept serve both.
#[inline]
fn spread(hash: u32) -> u64 {
    u64::from(hash) | u64::from(hash) << 32
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes && self.ends == other.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_as_they_appear_and_found_again() {
        let mut names = Names::new();
        let ids: Vec<u32> = ["b", "", "a", "b", "日本"].iter().map(|text| names.intern(text)).collect();
        assert_eq!(ids, [0, 1, 2, 0, 3]);
        assert_eq!(names.iter().collect::<Vec<_>>(), ["b", "", "a", "日本"]);
        assert_eq!((names.get("a"), names.get("c")), (Some(2), None));
        assert_eq!(names.in_text_order(), [1, 2, 0, 3]);
        assert_eq!(names.text_ranks(), [2, 0, 1, 3]);
    }

    #[test]
    fn a_merge_maps_every_text_to_its_own_id() {
        let (mut all, mut more) = (Names::new(), Names::new());
        (0..5000).for_each(|i| {
            all.intern(&format!("c{i}"));
            more.intern(&format!("c{}", i * 2));
        });
        let map = all.merge(&more);
        assert!((0..5000).all(|i| all.name(map[i as usize]) == more.name(i)));
        assert_eq!(all.len(), 7500);
    }
}
