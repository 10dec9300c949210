//! `Column`: the values of one column, in memory of its own or in a section of a saved store.
//!
//! A section is held against its checksum when it is first looked at. One that is not what was saved reads as zeros, so
//! that nothing goes astray in it, and marks its region as damaged: whoever asked throws the answer away and the saved
//! store with it.

use std::fmt;
use std::ops::{Deref, DerefMut, Range};
use std::sync::{Arc, OnceLock};

use bytemuck::Pod;

use super::region::Region;
use crate::base::checksum::Checksum;

/// Values that are read as a slice, whoever holds them. Writing makes a mapped column a copy of its own.
#[derive(Clone)]
pub struct Column<T>(Place<T>);

#[derive(Clone)]
enum Place<T> {
    Owned(Vec<T>),
    Mapped(Section<T>),
}

/// A rule that the values of a section keep, with the number it goes by.
pub type Rule<T> = (fn(&[T], u64) -> bool, u64);

/// A part of a saved store.
#[derive(Clone)]
pub struct Section<T> {
    region: Arc<Region>,
    /// In bytes; lies within the region, at a multiple of the size of a value, and is as long as so many values.
    range: Range<usize>,
    checksum: u64,
    rule: Option<Rule<T>>,
    /// Set once it was looked at: nothing where all is well, else what is read in its place.
    checked: OnceLock<Option<Vec<T>>>,
}

impl<T: Pod + Send + Sync> Section<T> {
    /// The values in a range of bytes; `None` where no values can be there.
    pub fn new(region: &Arc<Region>, range: Range<usize>, checksum: u64, rule: Option<Rule<T>>) -> Option<Self> {
        let bytes = region.bytes().get(range.clone())?;
        bytemuck::try_cast_slice::<u8, T>(bytes).ok()?;
        Some(Section { region: Arc::clone(region), range, checksum, rule, checked: OnceLock::new() })
    }

    fn len(&self) -> usize {
        self.range.len() / size_of::<T>()
    }

    #[inline]
    fn values(&self) -> &[T] {
        match self.checked.get() {
            Some(None) => self.as_they_stand(),
            Some(Some(instead)) => instead,
            None => self.checked(),
        }
    }

    #[inline]
    fn as_they_stand(&self) -> &[T] {
        bytemuck::cast_slice(&self.region.bytes()[self.range.clone()])
    }

    #[cold]
    fn checked(&self) -> &[T] {
        let instead = self.checked.get_or_init(|| {
            if self.is_sound() {
                return None;
            }
            self.region.mark_damaged();
            Some(vec![T::zeroed(); self.len()])
        });
        instead.as_deref().unwrap_or_else(|| self.as_they_stand())
    }

    fn is_sound(&self) -> bool {
        Checksum::of_shared(&self.region.bytes()[self.range.clone()]) == self.checksum
            && self.rule.is_none_or(|(holds, number)| holds(self.as_they_stand(), number))
    }
}

impl<T: Pod + Send + Sync> Column<T> {
    pub fn of_section(section: Section<T>) -> Self {
        Column(Place::Mapped(section))
    }

    /// How many values there are; does not look at them.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Place::Owned(values) => values.len(),
            Place::Mapped(section) => section.len(),
        }
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the values are those of a saved store.
    pub fn is_mapped(&self) -> bool {
        matches!(self.0, Place::Mapped(_))
    }

    /// The values to be changed; those of a saved store are copied before.
    pub fn make_mut(&mut self) -> &mut Vec<T> {
        if let Place::Mapped(section) = &self.0 {
            self.0 = Place::Owned(section.values().to_vec());
        }
        match &mut self.0 {
            Place::Owned(values) => values,
            Place::Mapped(_) => unreachable!("copied above"),
        }
    }
}

impl<T: Pod + Send + Sync> Deref for Column<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.0 {
            Place::Owned(values) => values,
            Place::Mapped(section) => section.values(),
        }
    }
}

impl<T: Pod + Send + Sync> DerefMut for Column<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.make_mut()
    }
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        Column(Place::Owned(values))
    }
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Column(Place::Owned(Vec::new()))
    }
}

impl<T> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Column(Place::Owned(values.into_iter().collect()))
    }
}

impl<'a, T: Pod + Send + Sync> IntoIterator for &'a Column<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Pod + Send + Sync + fmt::Debug> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}

impl<T: Pod + Send + Sync + PartialEq> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl<T: Pod + Send + Sync + PartialEq, const N: usize> PartialEq<[T; N]> for Column<T> {
    fn eq(&self, other: &[T; N]) -> bool {
        self[..] == other[..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(values: &[u32], checksum: u64, rule: Option<Rule<u32>>) -> (Arc<Region>, Column<u32>) {
        let region = Arc::new(Region::of_bytes(bytemuck::cast_slice(values)));
        let section = Section::new(&region, 0..values.len() * 4, checksum, rule).expect("values");
        (region, Column::of_section(section))
    }

    #[test]
    fn a_section_reads_as_what_was_saved_and_a_change_is_kept_apart() {
        let values: Vec<u32> = (0..3_000_000).collect();
        let (region, mut column) = section(&values, Checksum::of(bytemuck::cast_slice(&values)), None);
        assert_eq!(column[..], values[..]);
        assert_eq!((column.len(), column.is_mapped()), (values.len(), true));
        column[1] = 9;
        assert_eq!((column[1], column[2], column.is_mapped(), region.is_damaged()), (9, 2, false, false));
    }

    #[test]
    fn what_is_not_what_was_saved_reads_as_zeros_and_says_so() {
        let (region, column) = section(&[1, 2, 3], 7, None);
        assert!(!region.is_damaged(), "nobody looked yet");
        assert_eq!(column, [0, 0, 0]);
        assert!(region.is_damaged());
    }

    #[test]
    fn a_rule_that_is_not_kept_is_damage_whatever_the_checksum_says() {
        let below: fn(&[u32], u64) -> bool = |values, limit| values.iter().all(|&value| u64::from(value) < limit);
        let checksum = Checksum::of(bytemuck::cast_slice(&[1u32, 2, 3]));
        let (region, column) = section(&[1, 2, 3], checksum, Some((below, 4)));
        assert_eq!((&column[..], region.is_damaged()), (&[1, 2, 3][..], false));
        let (region, column) = section(&[1, 2, 3], checksum, Some((below, 3)));
        assert_eq!((&column[..], region.is_damaged()), (&[0, 0, 0][..], true));
    }

    #[test]
    fn a_range_that_holds_no_values_is_no_section() {
        let region = Arc::new(Region::of_bytes(&[0; 16]));
        let is_one = |range: Range<usize>| Section::<u64>::new(&region, range, 0, None).is_some();
        assert!(is_one(0..16) && is_one(8..8) && !is_one(0..15) && !is_one(4..12) && !is_one(8..24));
        assert!(!is_one(Range { start: 12, end: 4 }));
    }
}
