//! Size classes of lengths of time: to count lengths by their size, so that only a few need to be looked at closely.

/// Classes with so many bits after the leading one: two to the power of these for every doubling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeClasses(pub u32);

impl SizeClasses {
    pub const fn n_classes(self) -> usize {
        64 << self.0
    }

    /// The class of a length; never falls as lengths grow.
    #[inline(always)]
    pub fn class(self, length: i64) -> usize {
        let length = length.max(0) as u64 + (1 << self.0);
        let shift = 63 - length.leading_zeros() - self.0;
        ((u64::from(shift) << self.0) + (length >> shift)) as usize
    }

    /// The shortest length of a class, or of those after the last.
    pub fn start(self, class: usize) -> u64 {
        let Some(shift) = (class >> self.0).checked_sub(1) else { return 0 };
        let leading = (class & ((1 << self.0) - 1) | 1 << self.0) as u128;
        u64::try_from((leading << shift) - (1 << self.0)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::SizeClasses;

    fn lengths() -> Vec<i64> {
        let mut lengths: Vec<i64> = (0..63).flat_map(|bit| [(1i64 << bit) - 1, 1 << bit, (1 << bit) + 1]).collect();
        lengths.push(i64::MAX);
        lengths.extend(0..5_000);
        lengths.sort_unstable();
        lengths
    }

    #[test]
    fn classes_never_fall() {
        for sizes in [SizeClasses(3), SizeClasses(6), SizeClasses(9)] {
            assert!(lengths().windows(2).all(|pair| sizes.class(pair[0]) <= sizes.class(pair[1])));
            assert!(lengths().iter().all(|length| sizes.class(*length) < sizes.n_classes()));
        }
        assert_eq!(SizeClasses(6).class(0), 64);
    }

    #[test]
    fn a_class_starts_with_its_shortest_length() {
        for sizes in [SizeClasses(3), SizeClasses(6), SizeClasses(9)] {
            for length in lengths() {
                let class = sizes.class(length);
                assert!((sizes.start(class)..sizes.start(class + 1)).contains(&(length as u64)), "{length}");
            }
        }
    }
}
