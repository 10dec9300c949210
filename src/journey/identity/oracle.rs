//! Linking by sets of ids that are united for as long as two have an id in common, and the laws that linking keeps.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::base::CustomerId;
use crate::journey::batch::{Batch, BatchValues};
use crate::journey::build::BuildOptions;

/// The ids of a row: customer, mail, phone, anonymous. Texts are the same in all columns, and some are nobody's.
type Row = [Option<u8>; 4];

const NAMES: [&str; 4] = ["customer", "mail", "phone", "cookie"];

fn text(id: Option<u8>) -> &'static str {
    id.map_or("", |id| ["0", "7", "12", "a", "b", "mail:a", "é", "cookie:7"][usize::from(id) % 8])
}

fn is_null(text: &str) -> bool {
    text == "0"
}

/// What a case links: whether mail and phone are ids of another column.
#[derive(Debug, Clone, Copy)]
struct Case {
    mail_is: Option<usize>,
    phone_is: Option<usize>,
    max_ids: u32,
}

impl Case {
    fn columns(self) -> [IdColumn; 3] {
        let column = |property, is_anonymous, same_as| IdColumn { property, is_anonymous, same_as };
        [column(0, false, self.mail_is), column(1, false, self.phone_is), column(2, true, None)]
    }

    /// The column whose ids those of a column are.
    fn space(self, column: usize) -> usize {
        match column {
            1 => self.mail_is.unwrap_or(1),
            2 => self.phone_is.unwrap_or(2),
            other => other,
        }
    }
}

/// For each event the name of its person, and what was counted.
#[derive(Debug, PartialEq)]
struct Found {
    persons: BTreeMap<usize, String>,
    n_ids: u64,
    n_people: u64,
    n_unlinked: u64,
    n_shared: u64,
    n_shared_events: u64,
    sizes: BTreeMap<u64, u64>,
    rows: Vec<u64>,
    nulls: Vec<u64>,
    largest: Option<(String, u64, u64)>,
}

fn link(rows: &[(usize, Row)], case: Case, cut: usize) -> Found {
    let mut builder = StoreBuilder::new(&NAMES[1..].iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    for piece in rows.chunks(cut) {
        let mut batch = Batch { columns: vec![BatchValues::Missing { len: 0 }; 3], ..Batch::default() };
        for (at, row) in piece {
            batch.customers.push(text(row[0]));
            batch.touchpoints.push(&at.to_string());
            batch.times.push(0);
            batch.columns.iter_mut().zip(&row[1..]).for_each(|(column, id)| column.push_field(text(*id)));
        }
        builder.add(batch, &[0, 1, 2]).expect("few");
    }
    let names = NAMES.map(str::to_owned);
    let columns = case.columns();
    let options = LinkOptions {
        names: &names,
        columns: &columns,
        max_ids: case.max_ids,
        is_null: &is_null,
        plain: &|_| None,
        kinds: None,
    };
    let links = builder.link(&options, &Ctl::new()).expect("linked");
    let store = builder.finish(BuildOptions::default(), &Ctl::new()).expect("built");
    let mut persons = BTreeMap::new();
    for customer in (0..store.n_customers() as u32).map(CustomerId) {
        for row in store.journey(customer) {
            persons.insert(
                store.touchpoint_name(row).parse().expect("a number"),
                store.customer_name(customer).to_owned(),
            );
        }
    }
    Found {
        persons,
        n_ids: links.n_ids,
        n_people: links.n_people,
        n_unlinked: links.n_unlinked,
        n_shared: links.n_shared,
        n_shared_events: links.n_shared_events,
        sizes: links.sizes,
        rows: links.columns.iter().map(|column| column.rows).collect(),
        nulls: links.columns.iter().map(|column| column.nulls).collect(),
        largest: links.clusters.first().map(|cluster| (cluster.name.clone(), cluster.ids, cluster.events)),
    }
}

type Id = (usize, &'static str);

fn naive(rows: &[(usize, Row)], case: Case) -> Found {
    let ids = |row: &Row| -> Vec<Id> {
        let some = (0..4).filter(|&at| row[at].is_some() && !is_null(text(row[at])));
        some.map(|at| (case.space(at), text(row[at]))).collect()
    };
    let mut sets: Vec<BTreeSet<Id>> = rows.iter().map(|(_, row)| ids(row).into_iter().collect()).collect();
    loop {
        let pair =
            (0..sets.len()).flat_map(|b| (0..b).map(move |a| (a, b))).find(|&(a, b)| !sets[a].is_disjoint(&sets[b]));
        let Some((a, b)) = pair else { break };
        let more = sets.swap_remove(b);
        sets[a].extend(more);
    }
    let all: BTreeSet<Id> = sets.iter().flatten().copied().collect();
    // Texts of a column, whether or not they count for another.
    let texts =
        |at: usize| rows.iter().map(move |(_, row)| text(row[at])).filter(|text| !text.is_empty() && !is_null(text));
    let is_taken =
        |name: &str, below: usize| (0..4).any(|at| case.space(at) < below && texts(at).any(|text| text == name));
    let name = |(space, text): Id| {
        let mut name = text.to_owned();
        if is_taken(&name, space) {
            while name == text || is_taken(&name, usize::MAX) {
                name = format!("{}:{name}", NAMES[space]);
            }
        }
        name
    };
    let set_of = |id: Id| sets.iter().find(|set| set.contains(&id)).expect("every id is in a set");
    let is_shared = |set: &BTreeSet<Id>| set.len() > case.max_ids as usize;
    let mut persons = BTreeMap::new();
    let mut events: BTreeMap<Id, u64> = BTreeMap::new();
    for (at, row) in rows {
        let first = ids(row)[0];
        let set = set_of(first);
        let smallest = *set.first().expect("no set is empty");
        persons.insert(*at, name(if is_shared(set) { first } else { smallest }));
        *events.entry(smallest).or_default() += 1;
    }
    let mut sizes = BTreeMap::new();
    sets.iter().filter(|set| !is_shared(set)).for_each(|set| *sizes.entry(set.len() as u64).or_default() += 1);
    let n_null = |at: usize| rows.iter().filter(|(_, row)| is_null(text(row[at]))).count() as u64;
    let mut merged: Vec<&BTreeSet<Id>> = sets.iter().filter(|set| set.len() > 1 && !is_shared(set)).collect();
    merged.sort_by_key(|set| (std::cmp::Reverse(set.len()), *set.first().expect("an id")));
    Found {
        n_ids: all.len() as u64,
        n_people: persons.values().collect::<BTreeSet<_>>().len() as u64,
        n_unlinked: rows.iter().map(|(_, row)| ids(row)[0]).collect::<BTreeSet<_>>().len() as u64,
        n_shared: sets.iter().filter(|set| is_shared(set)).count() as u64,
        n_shared_events: sets.iter().filter(|set| is_shared(set)).map(|set| events[set.first().expect("an id")]).sum(),
        sizes,
        rows: (0..4).map(|at| texts(at).count() as u64).collect(),
        nulls: (0..4).map(n_null).collect(),
        largest: merged.first().map(|set| {
            let smallest = *set.first().expect("an id");
            (name(smallest), set.len() as u64, events[&smallest])
        }),
        persons,
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let id = || prop::option::weighted(0.5, 0u8..8);
    prop::collection::vec([id(), id(), id(), id()], 1..14).prop_map(|mut rows| {
        rows.retain(|row| row.iter().any(|id| id.is_some() && !is_null(text(*id))));
        rows
    })
}

proptest! {
    #[test]
    fn linking_finds_what_uniting_sets_finds_in_any_order_and_any_batches(
        (rows, shuffled) in rows().prop_flat_map(|rows| {
            let numbered: Vec<(usize, Row)> = rows.into_iter().enumerate().collect();
            (Just(numbered.clone()), Just(numbered).prop_shuffle())
        }),
        cut in 1usize..9,
        mail_is in prop::sample::select(vec![None, Some(0), Some(3), Some(2)]),
        phone_is in prop::sample::select(vec![None, Some(0), Some(3)]),
        max_ids in prop::sample::select(vec![1u32, 2, 3, 50]),
    ) {
        prop_assume!(!rows.is_empty());
        // Ids of ids of a column are ids of that column, as whoever reads the flags says.
        let mail_is = if mail_is == Some(2) { phone_is.or(Some(2)) } else { mail_is };
        let case = Case { mail_is, phone_is, max_ids };
        let expect = naive(&rows, case);
        prop_assert_eq!(&link(&rows, case, usize::MAX), &expect);
        prop_assert_eq!(&link(&shuffled, case, cut), &expect);
    }
}

#[test]
fn equal_texts_of_two_columns_are_two_people_with_two_names() {
    let case = Case { mail_is: None, phone_is: None, max_ids: 50 };
    let row = |customer, cookie| [customer, None, None, cookie];
    // Customer 7, cookie 7, and a cookie called as the latter would be.
    let rows = [row(Some(1), None), row(None, Some(1)), row(None, Some(7)), row(None, Some(3))];
    let rows: Vec<(usize, Row)> = rows.into_iter().enumerate().collect();
    let found = link(&rows, case, 2);
    let names: Vec<&str> = found.persons.values().map(String::as_str).collect();
    assert_eq!(names, ["7", "cookie:cookie:7", "cookie:7", "a"]);
}
