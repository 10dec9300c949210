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
    /// Of several that have the same values.
    Shared(Arc<Vec<T>>),
    /// Clones look at it once between them.
    Mapped(Arc<Section<T>>),
}

/// What the values of a section must be like, so that nobody who relies on it falls over.
pub type Rule<T> = Arc<dyn Fn(&[T]) -> bool + Send + Sync>;

/// A part of a saved store.
pub struct Section<T> {
    region: Arc<Region>,
    /// In bytes; lies within the region, at a multiple of the size of a value, and is as long as so many values.
    range: Range<usize>,
    checksum: u64,
    rule: Option<Rule<T>>,
    /// The value that stands for all where the section is damaged; so many of it keep the rule.
    otherwise: T,
    /// Set once it was looked at: nothing where all is well, else what is read in its place.
    checked: OnceLock<Option<Vec<T>>>,
}

impl<T: Pod + Send + Sync> Section<T> {
    /// The values in a range of bytes; `None` where no values can be there.
    pub fn new(region: &Arc<Region>, range: Range<usize>, checksum: u64) -> Option<Self> {
        let bytes = region.bytes().get(range.clone())?;
        bytemuck::try_cast_slice::<u8, T>(bytes).ok()?;
        let region = Arc::clone(region);
        Some(Section { region, range, checksum, rule: None, otherwise: T::zeroed(), checked: OnceLock::new() })
    }

    /// The same values, which are damaged where they do not keep a rule; `otherwise` is what is then read in their place.
    pub fn keeping(self, otherwise: T, rule: impl Fn(&[T]) -> bool + Send + Sync + 'static) -> Self {
        Section { rule: Some(Arc::new(rule)), otherwise, ..self }
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
            Some(vec![self.otherwise; self.len()])
        });
        instead.as_deref().unwrap_or_else(|| self.as_they_stand())
    }

    fn is_sound(&self) -> bool {
        Checksum::of_shared(&self.region.bytes()[self.range.clone()]) == self.checksum
            && self.rule.as_ref().is_none_or(|holds| holds(self.as_they_stand()))
    }
}

impl<T: Pod + Send + Sync> Column<T> {
    pub fn of_section(section: Section<T>) -> Self {
        Column(Place::Mapped(Arc::new(section)))
    }

    /// How many values there are; does not look at them.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Place::Owned(values) => values.len(),
            Place::Shared(values) => values.len(),
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

    /// Looks at all values of a saved store, if they are of one and nobody has yet.
    pub fn check(&self) {
        if let Place::Mapped(section) = &self.0 {
            section.values();
        }
    }

    /// A second column with the same values, which takes no memory for them. A column of its own becomes a shared one.
    pub fn share(&mut self) -> Self {
        if let Place::Owned(values) = &mut self.0 {
            self.0 = Place::Shared(Arc::new(std::mem::take(values)));
        }
        self.clone()
    }

    /// The values to be changed; those that others have too, or that are of a saved store, are copied before.
    pub fn make_mut(&mut self) -> &mut Vec<T> {
        match &mut self.0 {
            Place::Owned(_) => {}
            Place::Shared(values) => {
                let values = std::mem::take(values);
                self.0 = Place::Owned(Arc::try_unwrap(values).unwrap_or_else(|values| values.to_vec()));
            }
            Place::Mapped(section) => self.0 = Place::Owned(section.values().to_vec()),
        }
        match &mut self.0 {
            Place::Owned(values) => values,
            Place::Shared(_) | Place::Mapped(_) => unreachable!("made its own above"),
        }
    }
}

impl<T: Pod + Send + Sync> Deref for Column<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.0 {
            Place::Owned(values) => values,
            Place::Shared(values) => values,
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

    fn region(values: &[u32]) -> Arc<Region> {
        Arc::new(Region::of_bytes(bytemuck::cast_slice(values)))
    }

    fn section(region: &Arc<Region>, checksum: u64) -> Section<u32> {
        Section::new(region, 0..region.bytes().len(), checksum).expect("values")
    }

    #[test]
    fn a_section_reads_as_what_was_saved_and_a_change_is_kept_apart() {
        let values: Vec<u32> = (0..3_000_000).collect();
        let region = region(&values);
        let mut column = Column::of_section(section(&region, Checksum::of(bytemuck::cast_slice(&values))));
        assert_eq!(column[..], values[..]);
        assert_eq!((column.len(), column.is_mapped()), (values.len(), true));
        column[1] = 9;
        assert_eq!((column[1], column[2], column.is_mapped(), region.is_damaged()), (9, 2, false, false));
    }

    #[test]
    fn what_is_not_what_was_saved_reads_as_zeros_and_says_so() {
        let region = region(&[1, 2, 3]);
        let column = Column::of_section(section(&region, 7));
        assert!(!region.is_damaged(), "nobody looked yet");
        column.check();
        assert!(region.is_damaged());
        assert_eq!(column, [0, 0, 0]);
    }

    #[test]
    fn a_rule_that_is_not_kept_is_damage_whatever_the_checksum_says() {
        let region = region(&[1, 2, 3]);
        let checksum = Checksum::of(region.bytes());
        let below = |limit| section(&region, checksum).keeping(7, move |values| values.iter().all(|v| *v < limit));
        assert_eq!((&Column::of_section(below(4))[..], region.is_damaged()), (&[1, 2, 3][..], false));
        assert_eq!((&Column::of_section(below(3))[..], region.is_damaged()), (&[7, 7, 7][..], true));
    }

    #[test]
    fn of_two_that_share_their_values_one_changes_without_the_other() {
        let mut one: Column<u32> = vec![1, 2].into();
        let two = one.share();
        assert_eq!(one.as_ptr(), two.as_ptr());
        one.make_mut().push(3);
        assert_eq!((&one[..], &two[..]), (&[1, 2, 3][..], &[1, 2][..]));
    }

    #[test]
    fn a_range_that_holds_no_values_is_no_section() {
        let region = Arc::new(Region::of_bytes(&[0; 16]));
        let is_one = |range: Range<usize>| Section::<u64>::new(&region, range, 0).is_some();
        assert!(is_one(0..16) && is_one(8..8) && !is_one(0..15) && !is_one(4..12) && !is_one(8..24));
        assert!(!is_one(Range { start: 12, end: 4 }));
    }
}
