//! Tests on what an event is called, and what the name alone says about an expression.

use super::super::codes::Codes;
use super::super::mapped::Meaning;
use super::super::props::Values;
use super::super::store::JourneyStore;
use super::events::{Leaf, Plan, table};
use super::tree::Op;
use super::types::{TextTest, Word};

/// The test of `event`. A word that is no touchpoint but an event's own name means the events of that name.
pub(super) fn leaf<'s>(store: &'s JourneyStore, test: &TextTest) -> Leaf<'s> {
    let (words, negated): (&[Word], bool) = match test {
        TextTest::Compare(op @ (Op::Eq | Op::Ne), word) => (std::slice::from_ref(word), *op == Op::Ne),
        TextTest::Set(words, negated) => (words, *negated),
        TextTest::Compare(..) | TextTest::Contains(..) | TextTest::Matches(..) | TextTest::Null(_) => (&[], false),
    };
    let own_names: Vec<Meaning> = words.iter().filter_map(|word| own_name(store, word)).collect();
    let by_touchpoint = table(&store.touchpoints, test);
    if own_names.is_empty() {
        return Leaf::Codes { codes: &store.codes, table: by_touchpoint };
    }
    // Both tables tell who is named, so that they can be joined before the whole is turned around.
    let flip = u8::from(negated);
    let mut named: Vec<u8> = by_touchpoint.iter().map(|holds| holds ^ flip).collect();
    let mut raw = None;
    for meaning in own_names {
        match meaning {
            Meaning::Touchpoints(codes) => codes.iter().for_each(|&code| named[code as usize] = 1),
            Meaning::Raw { code, .. } => {
                let Some((codes, len)) = raw_codes(store) else { continue };
                raw.get_or_insert_with(|| (codes, vec![0u8; len])).1[code as usize + 1] = 1;
            }
        }
    }
    let Some((raw_codes, raw)) = raw else {
        named.iter_mut().for_each(|holds| *holds ^= flip);
        return Leaf::Codes { codes: &store.codes, table: named };
    };
    let codes = &store.codes;
    Leaf::Each(Box::new(move |row| (named[codes.get(row) as usize] | raw[raw_codes.get(row) as usize]) ^ flip != 0))
}

fn own_name(store: &JourneyStore, word: &Word) -> Option<Meaning> {
    let Word::Exact(name) = word else { return None };
    if store.touchpoints.get(name).is_some() { None } else { store.meaning(name) }
}

/// The events' own names as codes, and how many codes there are.
fn raw_codes(store: &JourneyStore) -> Option<(&Codes, usize)> {
    match &store.properties[store.mapped.as_ref()?.raw_event].values {
        Values::Text { codes, names } => Some((codes, names.len() + 1)),
        Values::Int(_) | Values::Float(_) | Values::Time(_) => None,
    }
}

/// The events that a name in a step means.
pub(super) fn leaf_of<'s>(store: &'s JourneyStore, meaning: &Meaning) -> Leaf<'s> {
    match (meaning, raw_codes(store)) {
        (Meaning::Raw { code, .. }, Some((codes, len))) => {
            let mut table = vec![0; len];
            table[*code as usize + 1] = 1;
            Leaf::Codes { codes, table }
        }
        (meaning, _) => {
            let mut table = vec![0; store.touchpoints.len()];
            meaning.touchpoints().iter().for_each(|&code| table[code as usize] = 1);
            Leaf::Codes { codes: &store.codes, table }
        }
    }
}

/// By touchpoint: whether an expression may hold for an event of it, and whether it must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::journey) struct ByTouchpoint {
    pub may: Vec<bool>,
    pub must: Vec<bool>,
}

impl ByTouchpoint {
    pub(super) fn of(plan: &Plan<'_>, store: &JourneyStore) -> Self {
        let n = store.touchpoints.len();
        let all = |plans: &[Plan<'_>]| plans.iter().map(|plan| ByTouchpoint::of(plan, store)).collect::<Vec<_>>();
        let always = |holds: bool| ByTouchpoint { may: vec![holds; n], must: vec![holds; n] };
        match plan {
            Plan::Leaf(Leaf::Const(holds)) => always(*holds),
            Plan::Leaf(Leaf::Codes { codes, table }) if std::ptr::eq(*codes, &store.codes) => {
                let holds: Vec<bool> = table.iter().map(|&holds| holds != 0).collect();
                ByTouchpoint { may: holds.clone(), must: holds }
            }
            Plan::Leaf(_) => ByTouchpoint { may: vec![true; n], must: vec![false; n] },
            Plan::Not(plan) => {
                let ByTouchpoint { may, must } = ByTouchpoint::of(plan, store);
                let turned = |holds: Vec<bool>| holds.into_iter().map(|holds| !holds).collect();
                ByTouchpoint { may: turned(must), must: turned(may) }
            }
            Plan::And(plans) => all(plans).into_iter().fold(always(true), |a, b| a.joined(&b, |x, y| x && y)),
            Plan::Or(plans) => all(plans).into_iter().fold(always(false), |a, b| a.joined(&b, |x, y| x || y)),
        }
    }

    fn joined(mut self, other: &Self, join: impl Fn(bool, bool) -> bool) -> Self {
        self.may.iter_mut().zip(&other.may).for_each(|(a, b)| *a = join(*a, *b));
        self.must.iter_mut().zip(&other.must).for_each(|(a, b)| *a = join(*a, *b));
        self
    }
}
