//! Small whole numbers in the narrowest width that holds them.

use super::column::Column;

/// A width that a kernel is compiled for.
pub trait Code: Copy + Send + Sync + Eq + 'static {
    fn idx(self) -> usize;
}

impl Code for u8 {
    #[inline]
    fn idx(self) -> usize {
        self as usize
    }
}

impl Code for u16 {
    #[inline]
    fn idx(self) -> usize {
        self as usize
    }
}

impl Code for u32 {
    #[inline]
    fn idx(self) -> usize {
        self as usize
    }
}

/// One code per event.
#[derive(Debug, Clone, PartialEq)]
pub enum Codes {
    U8(Column<u8>),
    U16(Column<u16>),
    U32(Column<u32>),
}

/// Runs an expression with the code slice in its own width: `with_codes!(codes, |slice| kernel(slice))`.
#[macro_export]
macro_rules! with_codes {
    ($codes:expr, |$slice:ident| $body:expr) => {
        match $codes {
            $crate::journey::Codes::U8(values) => {
                let $slice: &[u8] = values;
                $body
            }
            $crate::journey::Codes::U16(values) => {
                let $slice: &[u16] = values;
                $body
            }
            $crate::journey::Codes::U32(values) => {
                let $slice: &[u32] = values;
                $body
            }
        }
    };
}

impl Codes {
    /// `len` zeros, wide enough for codes up to `max`.
    pub fn zeros(len: usize, max: u32) -> Self {
        if max <= u32::from(u8::MAX) {
            Codes::U8(vec![0; len].into())
        } else if max <= u32::from(u16::MAX) {
            Codes::U16(vec![0; len].into())
        } else {
            Codes::U32(vec![0; len].into())
        }
    }

    /// The codes in the narrowest width.
    pub fn pack(codes: &[u32]) -> Self {
        let max = codes.iter().copied().max().unwrap_or(0);
        let mut packed = Codes::zeros(codes.len(), max);
        match &mut packed {
            Codes::U8(out) => out.iter_mut().zip(codes).for_each(|(to, &from)| *to = from as u8),
            Codes::U16(out) => out.iter_mut().zip(codes).for_each(|(to, &from)| *to = from as u16),
            Codes::U32(out) => out.copy_from_slice(codes),
        }
        packed
    }

    pub fn len(&self) -> usize {
        match self {
            Codes::U8(codes) => codes.len(),
            Codes::U16(codes) => codes.len(),
            Codes::U32(codes) => codes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As `Column::share`.
    pub fn share(&mut self) -> Self {
        match self {
            Codes::U8(codes) => Codes::U8(codes.share()),
            Codes::U16(codes) => Codes::U16(codes.share()),
            Codes::U32(codes) => Codes::U32(codes.share()),
        }
    }

    /// As `Column::check`.
    pub fn check(&self) {
        match self {
            Codes::U8(codes) => codes.check(),
            Codes::U16(codes) => codes.check(),
            Codes::U32(codes) => codes.check(),
        }
    }

    #[inline(always)]
    pub fn get(&self, i: usize) -> u32 {
        match self {
            Codes::U8(codes) => u32::from(codes[i]),
            Codes::U16(codes) => u32::from(codes[i]),
            Codes::U32(codes) => codes[i],
        }
    }

    /// The codes at `rows`, in that order, in the same width.
    pub fn gather(&self, rows: &[u32]) -> Self {
        fn pick<T: Code>(codes: &[T], rows: &[u32]) -> Vec<T> {
            use rayon::prelude::*;
            rows.par_iter().with_min_len(1 << 14).map(|&row| codes[row as usize]).collect()
        }
        match self {
            Codes::U8(codes) => Codes::U8(pick(codes, rows).into()),
            Codes::U16(codes) => Codes::U16(pick(codes, rows).into()),
            Codes::U32(codes) => Codes::U32(pick(codes, rows).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_take_the_width_they_need() {
        assert!(matches!(Codes::pack(&[0, 255]), Codes::U8(_)));
        assert!(matches!(Codes::pack(&[256]), Codes::U16(_)));
        assert!(matches!(Codes::pack(&[65_536]), Codes::U32(_)));
        let codes = Codes::pack(&[5, 300, 7]);
        assert_eq!((codes.get(1), codes.len()), (300, 3));
        assert_eq!(codes.gather(&[2, 0]), Codes::U16(vec![7, 5].into()));
    }
}
