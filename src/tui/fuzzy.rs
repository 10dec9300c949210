//! Which of many texts a few typed letters mean, best first.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Positions of the texts that match, best first; ties keep their order. Texts that hold every typed word come alone;
/// only where there are none, the letters may be spread. Everything matches what is empty.
pub fn rank<'t>(typed: &str, texts: impl Iterator<Item = &'t str> + Clone) -> Vec<usize> {
    let typed = typed.trim();
    if typed.is_empty() {
        return texts.enumerate().map(|(i, _)| i).collect();
    }
    let whole = rank_by(AtomKind::Substring, typed, texts.clone());
    if whole.is_empty() { rank_by(AtomKind::Fuzzy, typed, texts) } else { whole }
}

fn rank_by<'t>(kind: AtomKind, typed: &str, texts: impl Iterator<Item = &'t str>) -> Vec<usize> {
    let pattern = Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, kind);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    let mut scored: Vec<(u32, usize)> = texts
        .enumerate()
        .filter_map(|(i, text)| Some((pattern.score(Utf32Str::new(text, &mut letters), &mut matcher)?, i)))
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, i)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn letters_in_order_match_and_the_best_comes_first() {
        let texts = ["view_item", "checkout", "support_chat", "cart", "日本語"];
        let ranked = |typed| rank(typed, texts.iter().copied());
        assert_eq!(ranked("cart")[0], 3);
        assert_eq!(ranked("chk"), [1]);
        assert_eq!(ranked("CHAT")[0], 2);
        assert_eq!(ranked("本"), [4]);
        assert_eq!(ranked("zzz"), Vec::<usize>::new());
        assert_eq!(ranked(""), [0, 1, 2, 3, 4]);
    }
}
