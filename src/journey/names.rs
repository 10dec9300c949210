//! A dictionary of distinct texts, numbered in order of first appearance.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use hashbrown::DefaultHashBuilder;
use rayon::prelude::*;

use super::column::Column;
use super::slots::Slots;

/// Distinct texts and their ids. All texts share one buffer; a look-up compares bytes only where the hash agrees.
#[derive(Debug, Clone, Default)]
pub struct Names {
    texts: Texts,
    /// Where each text ends.
    ends: Column<u64>,
    /// Hash (its upper half) and id of every text; made when it is first needed.
    table: OnceLock<Slots>,
    hasher: DefaultHashBuilder,
}

#[derive(Debug, Clone)]
enum Texts {
    Owned(String),
    /// Of several dictionaries that hold the same.
    Shared(Arc<String>),
    /// Of a saved store: whether it is text is looked at by whoever takes one out.
    Mapped(Column<u8>),
}

impl Default for Texts {
    fn default() -> Self {
        Texts::Owned(String::new())
    }
}

/// Texts of a saved store beyond which a single look-up goes through all of them rather than making a table.
const TABLE_MAX: usize = 1 << 16;

/// So many texts are looked for at a time.
const AT_ONCE: usize = 32;

/// What is shown where a saved store holds bytes that are no text.
const NO_TEXT: &str = "\u{fffd}";

impl Names {
    pub fn new() -> Self {
        Self::default()
    }

    /// The texts of a saved store: their bytes, and where each of them ends. The ends ascend, and none lies behind the last
    /// byte.
    pub fn of_sections(bytes: Column<u8>, ends: Column<u64>) -> Self {
        Names { texts: Texts::Mapped(bytes), ends, ..Names::default() }
    }

    /// All texts one behind the other, and where each of them ends.
    pub fn parts(&self) -> (&[u8], &[u64]) {
        match &self.texts {
            Texts::Owned(texts) => (texts.as_bytes(), &self.ends),
            Texts::Shared(texts) => (texts.as_bytes(), &self.ends),
            Texts::Mapped(bytes) => (bytes, &self.ends),
        }
    }

    /// A second dictionary with the same texts and ids, which takes no memory for them.
    pub fn share(&mut self) -> Self {
        if let Texts::Owned(texts) = &mut self.texts {
            self.texts = Texts::Shared(Arc::new(std::mem::take(texts)));
        }
        Names { texts: self.texts.clone(), ends: self.ends.share(), ..Names::default() }
    }

    /// Looks at all texts of a saved store, if they are of one and nobody has yet.
    pub fn check(&self) {
        self.ends.check();
        if let Texts::Mapped(bytes) = &self.texts {
            bytes.check();
        }
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
        let (id, ends) = (id as usize, &self.ends[..]);
        let start = if id == 0 { 0 } else { ends[id - 1] as usize };
        match &self.texts {
            Texts::Owned(texts) => &texts[start..ends[id] as usize],
            Texts::Shared(texts) => &texts[start..ends[id] as usize],
            Texts::Mapped(bytes) => std::str::from_utf8(&bytes[start..ends[id] as usize]).unwrap_or(NO_TEXT),
        }
    }

    pub fn get(&self, text: &str) -> Option<u32> {
        if matches!(self.texts, Texts::Mapped(_)) && self.table.get().is_none() && self.len() > TABLE_MAX {
            return (0..self.len() as u32)
                .into_par_iter()
                .with_min_len(1 << 14)
                .find_first(|&id| self.name(id) == text);
        }
        let hash = self.short_hash(text);
        let table = self.table.get_or_init(|| self.make_table());
        table.find(hash, |id| self.name(id) == text)
    }

    /// The id of `text`, which is added where it is new.
    ///
    /// # Panics
    /// At more than 2³² distinct texts; a load refuses more rows than that.
    #[inline]
    pub fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(text, self.short_hash(text))
    }

    #[inline]
    fn intern_hashed(&mut self, text: &str, hash: u32) -> u32 {
        let Some(table) = self.table.get_mut() else { return self.intern_first(text) };
        let ends = self.ends.make_mut();
        let Texts::Owned(texts) = &mut self.texts else { return self.intern_first(text) };
        let name = |id: u32| {
            let start = if id == 0 { 0 } else { ends[id as usize - 1] as usize };
            &texts[start..ends[id as usize] as usize]
        };
        if let Some(id) = table.find(hash, |id| name(id) == text) {
            return id;
        }
        let id = u32::try_from(ends.len()).expect("a load holds fewer than 2^32 rows");
        texts.push_str(text);
        ends.push(texts.len() as u64);
        table.insert(hash, id);
        id
    }

    /// As `intern`, after what is needed for it was made.
    #[cold]
    fn intern_first(&mut self, text: &str) -> u32 {
        if !matches!(self.texts, Texts::Owned(_)) {
            // Hashes that were taken before hold on.
            let mut owned = Names { hasher: self.hasher.clone(), ..Names::default() };
            for name in self.iter() {
                owned.add(name);
            }
            *self = owned;
        }
        if self.table.get().is_none() {
            self.table = OnceLock::from(self.make_table());
        }
        self.intern(text)
    }

    /// Adds a text that is not known yet, without looking for it.
    ///
    /// # Panics
    /// As `intern`.
    #[inline]
    pub fn add(&mut self, text: &str) -> u32 {
        let Texts::Owned(texts) = &mut self.texts else { return self.intern_first(text) };
        let id = u32::try_from(self.ends.len()).expect("a load holds fewer than 2^32 rows");
        texts.push_str(text);
        self.ends.make_mut().push(texts.len() as u64);
        // While nobody has looked for a text there is no table.
        if self.table.get().is_some() {
            let hash = self.short_hash(text);
            self.table.get_mut().into_iter().for_each(|table| table.insert(hash, id));
        }
        id
    }

    fn make_table(&self) -> Slots {
        let mut table = Slots::with_capacity(self.len());
        for (id, text) in self.iter().enumerate() {
            table.insert(self.short_hash(text), id as u32);
        }
        table
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len() as u32).map(|id| self.name(id))
    }

    /// Adds every text of `other` and returns, for each of its ids, the id here.
    pub fn merge(&mut self, other: &Names) -> Vec<u32> {
        let mut ids = Vec::with_capacity(other.len());
        let mut hashes = Vec::with_capacity(AT_ONCE);
        for start in (0..other.len() as u32).step_by(AT_ONCE) {
            let group = start..(start + AT_ONCE as u32).min(other.len() as u32);
            hashes.clear();
            hashes.extend(group.clone().map(|id| self.short_hash(other.name(id))));
            self.fetch(&hashes);
            ids.extend(group.zip(&hashes).map(|(id, hash)| self.intern_hashed(other.name(id), *hash)));
        }
        ids
    }

    /// Reads what looking for these hashes will read. In a large dictionary every look-up waits for memory three times; those
    /// of many wait at the same time.
    fn fetch(&self, hashes: &[u32]) {
        let Some(table) = self.table.get() else { return };
        let mut ids = [0; AT_ONCE];
        let mut n = 0;
        for id in hashes.iter().filter_map(|hash| table.first(*hash)) {
            ids[n] = id as usize;
            n += 1;
        }
        let (bytes, ends) = self.parts();
        let mut starts = [0; AT_ONCE];
        starts.iter_mut().zip(&ids[..n]).for_each(|(start, id)| *start = ends[id.saturating_sub(1)] as usize);
        black_box(starts[..n].iter().fold(0, |all, start| all ^ bytes.get(*start).copied().unwrap_or(0)));
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
        let mut ids: Vec<u32> = (0..self.len() as u32).collect();
        ids.par_sort_unstable_by(|&a, &b| self.name(a).cmp(self.name(b)));
        ids
    }

    #[inline]
    fn short_hash(&self, text: &str) -> u32 {
        (self.hasher.hash_one(text.as_bytes()) >> 32) as u32
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
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

    #[test]
    fn texts_that_were_added_as_new_are_found() {
        let mut names = Names::new();
        assert_eq!((names.add("a"), names.add("b")), (0, 1));
        assert_eq!((names.intern("b"), names.intern("c")), (1, 2));
        assert_eq!((names.add("d"), names.get("d"), names.get("e")), (3, Some(3), None));
        assert_eq!(Names::new().merge(&names), [0, 1, 2, 3]);
    }

    fn mapped(names: &[&str]) -> Names {
        use super::super::column::Section;
        use super::super::region::Region;
        use crate::base::checksum::Checksum;
        let mut owned = Names::new();
        names.iter().zip(0..).for_each(|(name, id)| assert_eq!(owned.add(name), id));
        let (bytes, ends) = owned.parts();
        let column = |bytes: &[u8]| (std::sync::Arc::new(Region::of_bytes(bytes)), 0..bytes.len(), Checksum::of(bytes));
        let (region, range, checksum) = column(bytes);
        let bytes = Column::of_section(Section::new(&region, range, checksum).expect("bytes"));
        let (region, range, checksum) = column(bytemuck::cast_slice(ends));
        Names::of_sections(bytes, Column::of_section(Section::new(&region, range, checksum).expect("ends")))
    }

    #[test]
    fn texts_of_a_saved_store_are_found_and_added_to_as_any_others() {
        for n in [0, 3, TABLE_MAX + 1] {
            let texts: Vec<String> = (0..n).map(|i| format!("c{i}é")).collect();
            let mut names = mapped(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(names.len(), n);
            for id in [0, n / 2, n.saturating_sub(1)] {
                assert_eq!(names.get(&format!("c{id}é")), (id < n).then_some(id as u32));
            }
            assert_eq!(names.get("x"), None);
            let mut more = Names::new();
            more.intern("x");
            more.intern("c1é");
            assert_eq!(names.merge(&more), [n as u32, if n > 1 { 1 } else { n as u32 + 1 }]);
            assert_eq!((names.get("x"), names.name(n as u32)), (Some(n as u32), "x"));
        }
    }
}
