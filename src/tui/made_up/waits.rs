//! A small store whose waits are spread out and whose slow ones have something in common: the real analysis answers from it.

use std::sync::{Arc, OnceLock};

use super::START;
use crate::analysis::dwell::{DwellSpec, who};
use crate::analysis::{self, Answer, Customers, CustomersSpec, Error, Spec};
use crate::base::{Ctl, Span};
use crate::journey::{Batch, BatchValues, BuildOptions, JourneyStore, StoreBuilder, View};

const N_CUSTOMERS: usize = 600;

/// What customers do, how many of them in percent do the next, and seconds until then in the middle.
const WAY: [(&str, u64, f64); 6] = [
    ("visit", 80, 72.0),
    ("search", 78, 160.0),
    ("view_item", 60, 365.0),
    ("add_cart", 62, 7_200.0),
    ("checkout", 70, 211.0),
    ("purchase", 0, 0.0),
];

/// Numbers from 0 to 1 that look like chance and are the same every time.
pub fn chance(customer: usize, what: usize) -> f64 {
    let mixed = (customer as u64 * 64 + what as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 29)) >> 11) as f64 / (1u64 << 53) as f64
}

fn store() -> Arc<JourneyStore> {
    static STORE: OnceLock<Arc<JourneyStore>> = OnceLock::new();
    Arc::clone(STORE.get_or_init(|| {
        let columns = ["channel".to_owned(), "device".to_owned(), "sku".to_owned()];
        let mut batch = Batch { columns: vec![BatchValues::Missing { len: 0 }; 3], ..Batch::default() };
        for customer in 0..N_CUSTOMERS {
            // Those of the big store, so that their timelines are there.
            let name = format!("C{:06}", customer * 100);
            let mut at = START + customer as i64 * 3 * 3_600_000_000;
            let mut did = |event: &str, wait: f64| {
                at += (wait * 1e6) as i64;
                batch.customers.push(&name);
                batch.touchpoints.push(event);
                batch.times.push(at);
                batch.columns[0].push_field(["web", "app"][customer % 2]);
                batch.columns[1].push_field(["desktop", "ios", "android"][customer % 3]);
                batch.columns[2].push_field(if event == "view_item" { "8841" } else { "" });
            };
            let slowness = if customer % 3 == 2 { 3.0 } else { 1.0 };
            let wait = |what: usize, middle: f64| middle * slowness * (8f64).powf(chance(customer, what) * 2.0 - 1.0);
            did(WAY[0].0, 0.0);
            for (step, (_, next, middle)) in WAY.iter().enumerate() {
                if chance(customer, step) * 100.0 >= *next as f64 {
                    break;
                }
                if step == 3 && customer % 5 == 0 {
                    did("view_item", wait(20, *middle));
                    did("add_cart", wait(21, 365.0));
                }
                if step == 4 && customer % 7 == 0 {
                    did("support_chat", wait(22, 600.0));
                }
                did(WAY[step + 1].0, wait(10 + step, *middle));
            }
        }
        let mut builder = StoreBuilder::new(&columns);
        builder.add(batch, &[0, 1, 2]).expect("few events");
        let mut options = BuildOptions::default();
        options.roles.channel = Some(0);
        Arc::new(builder.finish(options, &Ctl::new()).expect("not cancelled"))
    }))
}

pub fn answer(spec: &Spec, ctl: &Ctl) -> Result<Answer, Error> {
    analysis::run(&View::whole(store()), spec, ctl)
}

/// Those behind a number of a question about dwell.
pub fn customers(of: &DwellSpec, spec: &CustomersSpec) -> Result<Customers, Error> {
    let view = View::whole(store());
    let cell = spec.cell.clone().unwrap_or_default();
    Ok(Customers { ids: who(&view, of, &cell, &Ctl::new())?, outcome: cell, view, session_gap: Span::minutes(30) })
}
