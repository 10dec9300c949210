//! Ids that are written in several ways.

use rustc_hash::FxHashMap;

use super::LinkOptions;
use crate::journey::names::Names;

/// Of ids that are written in another way than they are meant, by what is meant: the id that stands for all of them, where
/// none is written as it should be.
pub(super) fn spelled(names: &Names, options: &LinkOptions<'_>) -> FxHashMap<String, u32> {
    let mut odd: FxHashMap<String, u32> = FxHashMap::default();
    for (id, text) in names.iter().enumerate() {
        let Some(meant) = (options.plain)(text).filter(|meant| names.get(meant).is_none()) else { continue };
        let first = odd.entry(meant).or_insert(id as u32);
        // The text alone decides, not which came first.
        if text < names.name(*first) {
            *first = id as u32;
        }
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_an_id_does_not_depend_on_what_came_first() {
        let lower = |text: &str| (text != text.to_lowercase()).then(|| text.to_lowercase());
        let options =
            LinkOptions { names: &[], columns: &[], max_ids: 50, is_null: &|_| false, plain: &lower, kinds: None };
        let of = |texts: &[&str]| {
            let mut names = Names::new();
            texts.iter().for_each(|text| _ = names.intern(text));
            let found: Vec<String> = spelled(&names, &options).values().map(|id| names.name(*id).to_owned()).collect();
            found.join(" ")
        };
        assert_eq!(of(&["Ann", "ANN", "bob"]), "ANN");
        assert_eq!(of(&["ANN", "Ann", "bob"]), "ANN");
        assert_eq!(of(&["ANN", "ann"]), "");
    }
}
