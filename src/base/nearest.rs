//! The name a person most likely meant, for every "did you mean".

/// Returns the candidate nearest to `name`, or `None` where nothing is near enough to be worth suggesting. Case is
/// ignored; ties go to the candidate that comes first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        let mut score = strsim::jaro_winkler(&wanted, &lower);
        if !wanted.is_empty() && (lower.contains(&wanted) || wanted.contains(&lower)) && !lower.is_empty() {
            score = score.max(0.85);
        }
        if score >= 0.7 && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_whatever_its_case_and_nonsense_is_not() {
        let names = ["catalog", "cart", "payment_done"];
        assert_eq!(nearest("Cataloge", names), Some("catalog"));
        assert_eq!(nearest("payment", names), Some("payment_done"));
        assert_eq!(nearest("zzzz", names), None);
        assert_eq!(nearest("x", []), None);
    }
}
