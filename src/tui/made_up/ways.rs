//! Made-up ways that go with the made-up funnel: as many customers come to each event, and on the way some go in circles,
//! some ask for help, and some come back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::{EVENTS, START};
use crate::analysis::{self, Answer, CustomersSpec, Error, Scope, Spec};
use crate::base::{Ctl, CustomerId};
use crate::journey::{Batch, Bitmap, BuildOptions, JourneyStore, StoreBuilder, View};

/// Of how many customers one is kept where many questions are asked.
const THIN: usize = 200;

/// What a customer does behind the last event of the funnel that they come to, and after how many seconds each.
fn after(customer: u64, n_events: usize) -> &'static [(&'static str, i64)] {
    match (n_events, customer % 6) {
        (2, 0) => &[("search", 40)],
        (3, 0 | 3) => &[("search", 60), ("view_item", 150)],
        (3, 2) => &[("support_chat", 640)],
        (4, 1 | 4) => &[("view_item", 90), ("add_cart", 300)],
        (5, 0 | 3) => &[("support_chat", 640)],
        (5, 1) => &[("add_cart", 1_320), ("checkout", 60)],
        (6, 5) => &[("visit", 700_000)],
        _ => &[],
    }
}

fn built(step: usize) -> Arc<JourneyStore> {
    let mut batch = Batch::default();
    for customer in (0..EVENTS[0].1).step_by(step) {
        let name = super::customer_name(customer);
        let mut at = START + customer as i64 * 90_000_000;
        let funnel: Vec<(&str, i64)> =
            EVENTS.iter().filter(|(_, n, _)| customer < *n).map(|(event, _, gap)| (*event, *gap)).collect();
        for (event, gap) in funnel.iter().chain(after(customer, funnel.len())) {
            at += gap * 1_000_000;
            batch.customers.push(&name);
            batch.touchpoints.push(event);
            batch.times.push(at);
        }
    }
    let mut builder = StoreBuilder::new(&[]);
    builder.add(batch, &[]).expect("few events");
    Arc::new(builder.finish(BuildOptions::default(), &Ctl::new()).expect("not cancelled"))
}

fn store(is_thin: bool) -> Arc<JourneyStore> {
    static STORES: [OnceLock<Arc<JourneyStore>>; 2] = [OnceLock::new(), OnceLock::new()];
    let step = if is_thin { THIN } else { 1 };
    Arc::clone(STORES[usize::from(is_thin)].get_or_init(|| built(step)))
}

/// The ways of a scope. Groups behind a made-up number are those that the made-up list of it holds.
fn view(scope: &Scope, is_thin: bool, ctl: &Ctl) -> Result<View, Error> {
    let store = store(is_thin);
    let mut view = Scope { among: Vec::new(), ..scope.clone() }.view(&store, ctl)?;
    for among in &scope.among {
        let spec = match (&*among.spec, &among.cell) {
            (Spec::Customers(spec), None) => spec.clone(),
            (spec, cell) => {
                CustomersSpec { of: Some(Box::new(spec.clone())), cell: cell.clone(), scope: Scope::default() }
            }
        };
        let mut chosen = Bitmap::none(store.n_customers());
        let listed = super::customers(&spec, is_thin, ctl)?;
        for id in &listed.ids {
            if let Some(id) = store.find_customer(listed.view.store().customer_name(*id)) {
                chosen.set(id.idx());
            }
        }
        view = view.with_customers(if among.is_without { chosen.negated() } else { chosen });
    }
    Ok(view)
}

/// Answers a question about paths by asking it; the same question is asked once.
pub(super) fn answer(spec: &Spec, is_thin: bool, ctl: &Ctl) -> Result<Answer, Error> {
    static ANSWERS: OnceLock<Mutex<HashMap<String, Answer>>> = OnceLock::new();
    let ask = || analysis::run(&view(spec.scope(), is_thin, ctl)?, spec, ctl);
    if is_thin {
        return ask();
    }
    let answers = ANSWERS.get_or_init(Mutex::default);
    let key = serde_json::to_string(spec).expect("a question is text");
    if let Some(known) = answers.lock().expect("nobody panics with it").get(&key) {
        return Ok(known.clone());
    }
    let answer = ask()?;
    answers.lock().expect("nobody panics with it").insert(key, answer.clone());
    Ok(answer)
}

/// Those behind a number of paths, and the journeys in which they are.
pub(super) fn who(of: &Spec, cell: &str, is_thin: bool, ctl: &Ctl) -> Result<(Vec<CustomerId>, View), Error> {
    let view = view(of.scope(), is_thin, ctl)?;
    Ok((analysis::who(&view, of, cell, ctl)?, view))
}
