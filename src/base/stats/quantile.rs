//! Quantiles by linear interpolation (type 7 of Hyndman and Fan 1996, the default of R and NumPy).

/// The quantile `q` (0 to 1) of values already in ascending order; `None` where there are none.
pub fn quantile_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64))
}

/// As `quantile_sorted`, for spans in microseconds, answering in seconds.
pub fn quantile_seconds(sorted_micros: &[i64], q: f64) -> Option<f64> {
    let last = sorted_micros.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    let (low, high) = (sorted_micros[below] as f64, sorted_micros[above] as f64);
    Some((low + (high - low) * (at - below as f64)) / 1e6)
}
