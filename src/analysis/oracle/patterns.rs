//! Patterns by writing down every stretch and every subsequence of every way.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::funnel_cases::journeys;
use super::paths_cases::{specs, ways};
use crate::analysis::paths::Share;
use crate::analysis::patterns::{Lengths, Patterns, PatternsSpec, patterns, who};
use crate::base::Ctl;
use crate::journey::{View, fixture};

/// What a pattern is found to be: occurrences, units, units that convert.
type Counts = (u64, u64, u64);

fn subsequences<'a>(names: &[&'a str], most: usize) -> BTreeSet<Vec<&'a str>> {
    let mut all = BTreeSet::from([Vec::new()]);
    for name in names {
        let longer: Vec<Vec<&str>> =
            all.iter().filter(|some| some.len() < most).map(|some| [&some[..], &[*name]].concat()).collect();
        all.extend(longer);
    }
    all
}

fn check(view: &View, spec: &PatternsSpec) -> Result<(), TestCaseError> {
    let Ok(answer) = patterns(view, spec, &Ctl::new()) else { return Ok(()) };
    let (all, _) = ways(view, &spec.rules());
    let mut found: BTreeMap<Vec<&str>, Counts> = BTreeMap::new();
    for way in &all {
        // Events of a run that begins before the goal are one touchpoint before it.
        let names: Vec<&str> = match way.goal {
            None => way.path.iter().map(|(name, _)| name.as_str()).collect(),
            Some(_) => {
                let before: Vec<&str> = way.events[..way.n_before_goal].iter().map(|(name, _)| name.as_str()).collect();
                if spec.keep_repeats { before } else { before.chunk_by(|a, b| a == b).map(|run| run[0]).collect() }
            }
        };
        let occurrences: Vec<Vec<&str>> = if spec.gaps {
            subsequences(&names, spec.length.most).into_iter().collect()
        } else {
            (spec.length.least..=spec.length.most).flat_map(|n| names.windows(n).map(<[&str]>::to_vec)).collect()
        };
        for pattern in occurrences.iter().filter(|pattern| pattern.len() >= spec.length.least) {
            found.entry(pattern.clone()).or_default().0 += 1;
        }
        for pattern in occurrences.into_iter().collect::<BTreeSet<_>>() {
            if pattern.len() >= spec.length.least {
                let counts = found.get_mut(&pattern).expect("just counted");
                counts.1 += 1;
                counts.2 += u64::from(way.goal.is_some());
            }
        }
    }
    let least = spec.min_support.at_least_of(all.len() as u64);
    let mut ranked: Vec<(Vec<&str>, Counts)> = found.into_iter().filter(|(_, counts)| counts.1 >= least).collect();
    let times = |counts: &Counts| if spec.gaps { 0 } else { counts.0 };
    ranked.sort_by(|a, b| (times(&b.1), b.1.1).cmp(&(times(&a.1), a.1.1)).then_with(|| a.0.cmp(&b.0)));
    ranked.truncate(spec.top as usize);
    let shown: Vec<(Vec<&str>, u64, u64)> = answer
        .rows
        .iter()
        .map(|row| (row.names.iter().map(String::as_str).collect(), row.units, row.converted))
        .collect();
    let expect: Vec<(Vec<&str>, u64, u64)> =
        ranked.iter().map(|(names, counts)| (names.clone(), counts.1, counts.2)).collect();
    prop_assert_eq!(shown, expect);
    for (row, (_, counts)) in answer.rows.iter().zip(&ranked) {
        prop_assert_eq!(row.count, (!spec.gaps).then_some(counts.0));
    }
    check_who(view, spec, &answer)
}

fn check_who(view: &View, spec: &PatternsSpec, answer: &Patterns) -> Result<(), TestCaseError> {
    for row in &answer.rows {
        let n = |cell: &str| who(view, spec, cell, &Ctl::new()).expect(cell).len() as u64;
        prop_assert_eq!(n(&row.cell()), row.units);
        prop_assert_eq!(n(&format!("{}:converted", row.cell())), row.converted);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn patterns_are_those_that_are_written_down_one_by_one(
        text in journeys(),
        spec in specs(),
        gaps in any::<bool>(),
        (least, more) in (1usize..4, 0usize..3),
        support in 0u8..8,
    ) {
        let spec = PatternsSpec {
            length: Lengths { least, most: least + more },
            gaps,
            min_support: Share(f64::from(support) / 10.0),
            top: spec.top,
            goal: spec.goal,
            from: spec.from,
            to: spec.to,
            occurrence: spec.occurrence,
            unit: spec.unit,
            keep_repeats: spec.keep_repeats,
            ignore: spec.ignore,
            group: spec.group,
            scope: spec.scope,
        };
        check(&fixture::view(&text), &spec)?;
    }
}
