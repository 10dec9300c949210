//! What holds for loads of any text.

use proptest::prelude::*;

use super::{BLOCK, events, is_conserved, open, open_with};
use crate::ingest::Loaded;

/// What a load says, for comparing two.
fn told(loaded: &Loaded) -> (Vec<String>, Vec<String>, Vec<String>) {
    let rejects = loaded.report.rejects.kept.iter().map(|reject| format!("{reject:?}")).collect();
    (events(loaded), rejects, loaded.report.notes.clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_are_conserved_and_blocks_do_not_matter(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "u1,a,2024-01-01,x\n", "u2,b,2024-01-02,7\r\n", "u3,\"c\nd\",2024-01-03,\"\"\"\"\n", "u4,e,,\n", ",f,2024-01-01,\n",
            "user_id,event,timestamp,note\n", "u5,\"g,2024-01-01,y\n", "u,\0,2024-01-01,z\n", "\"", ",", "\n", "\r", "u6", "日本",
            "u1,a,2024-01-01,x\n",
        ]), 0..40),
        sizes in (1usize..100, 100usize..400),
        dedupe in any::<bool>(),
    ) {
        let text = format!("user_id,event,timestamp,note\nu0,start,2024-01-01,n\nu0,b,2024-01-01,n\n{}", tokens.concat());
        let whole = open_with(text.as_bytes(), BLOCK, |options| options.dedupe = dedupe);
        // So dirty that another dialect fits better; then there is nothing to compare.
        prop_assume!(whole.as_ref().is_ok_and(|loaded| loaded.store.find_customer("u0").is_some()));
        let whole = whole.expect("assumed");
        prop_assert!(is_conserved(&whole));
        for block in [sizes.0, sizes.1] {
            let cut = open_with(text.as_bytes(), block, |options| options.dedupe = dedupe).expect("as before");
            let (mut one, mut two) = (told(&cut), told(&whole));
            // The names of the temporary files differ.
            one.2.clear();
            two.2.clear();
            prop_assert_eq!(one, two);
        }
    }

    #[test]
    fn json_is_conserved_and_blocks_do_not_matter(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "{\"user_id\":\"u1\",\"event\":\"a\",\"timestamp\":\"2024-01-01\",\"k\":1}\n",
            "{\"user_id\":\"u2\",\"event\":\"a\",\"timestamp\":\"2024-01-02\",\"l\":{\"m\":\"x\"}}\n",
            "{\"user_id\":\"\",\"z\":1}\n", "{", "}", "[", "]", ",", "\"", "\n", "{\"a\":[\n1]}\n", "\\", "1",
        ]), 0..30),
        is_array in any::<bool>(),
        sizes in (1usize..100, 100usize..400),
    ) {
        let first = "{\"user_id\":\"u0\",\"event\":\"s\",\"timestamp\":\"2024-01-01\"}\n";
        let text = if is_array { format!("[{first},{}]", tokens.concat()) } else { format!("{first}{}", tokens.concat()) };
        let whole = open(text.as_bytes()).expect("a table");
        prop_assert!(is_conserved(&whole));
        for block in [sizes.0, sizes.1] {
            let cut = open_with(text.as_bytes(), block, |_| {}).expect("as before");
            prop_assert_eq!(told(&cut), told(&whole));
        }
    }
}
