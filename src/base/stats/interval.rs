//! Intervals for shares and for differences of shares.

/// The two-sided 95 % point of the normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// The 95 % Wilson score interval of `hits` out of `n`; `None` where `n` is 0. (Wilson 1927, without continuity
/// correction.)
pub fn wilson(hits: u64, n: u64) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let (share, n, z2) = (hits as f64 / n as f64, n as f64, Z95 * Z95);
    let centre = share + z2 / (2.0 * n);
    let half = Z95 * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let lo = if hits == 0 { 0.0 } else { ((centre - half) / (1.0 + z2 / n)).max(0.0) };
    let hi = if share >= 1.0 { 1.0 } else { ((centre + half) / (1.0 + z2 / n)).min(1.0) };
    Some((lo, hi))
}
