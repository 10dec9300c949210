//! A first funnel to look at, read off the data: the order in which most of those who reach the likely goal first met
//! the touchpoints on the way.
//!
//! The goal is a touchpoint whose name says so, else the one in which most journeys end. A step belongs on the way when
//! most who reached the goal had it before, and it comes before the later steps for most who had both. Of the chains that
//! can be made so, the one that most of them went is proposed. It is a proposal: every reader changes it at will.

use super::count::Tally;
use crate::base::{Cancelled, Ctl};
use crate::journey::chunks::par_customers;
use crate::journey::{Code, View};
use crate::with_codes;

/// Touchpoints considered, by the customers who had them; one bit each.
const CONSIDERED: usize = 32;
const STEPS_MAX: usize = 6;

/// Words that name a goal, the surest first.
const GOALS: [&[&str]; 2] = [
    &[
        "purchase",
        "purchased",
        "order",
        "ordered",
        "paid",
        "payment_done",
        "payment_success",
        "payment_completed",
        "bought",
        "buy",
        "transaction",
        "checkout_complete",
        "checkout_completed",
        "成交",
        "支付",
        "付款",
        "下单",
        "购买",
    ],
    &[
        "converted",
        "conversion",
        "convert",
        "signup",
        "sign_up",
        "signed_up",
        "register",
        "registered",
        "subscribe",
        "subscribed",
        "activated",
        "success",
        "done",
        "complete",
        "completed",
        "deposit",
        "booked",
        "booking",
        "won",
        "account_opened",
        "注册",
        "开户",
        "订阅",
    ],
];

/// Words that say a touchpoint is no goal though it sounds like one: `payment_failed`, `order_view`.
const NO_GOALS: &[&str] = &[
    "fail",
    "failed",
    "error",
    "reject",
    "rejected",
    "cancel",
    "cancelled",
    "canceled",
    "refund",
    "refunded",
    "abandon",
    "abandoned",
    "decline",
    "declined",
    "start",
    "started",
    "begin",
    "view",
    "viewed",
    "click",
    "choice",
    "method",
    "info",
    "detail",
    "details",
    "page",
    "add",
    "remove",
    "return",
    "returned",
    "失败",
    "取消",
    "退款",
];

/// How often one touchpoint came first before another, over customers.
#[derive(Clone)]
struct Orders {
    /// `before[a][b]`: customers who had both, `a` first.
    before: Vec<[u32; CONSIDERED]>,
    /// Journeys that end in it.
    ends: [u32; CONSIDERED],
}

pub(super) fn propose(view: &View, tally: &Tally, ctl: &Ctl) -> Result<Vec<String>, Cancelled> {
    let names = &view.store().touchpoints;
    let mut codes: Vec<u32> =
        (0..names.len() as u32).filter(|&code| tally.by_code[code as usize].customers > 0).collect();
    codes.sort_by(|&a, &b| {
        let reach = |code: u32| tally.by_code[code as usize].customers;
        reach(b).cmp(&reach(a)).then_with(|| names.name(a).cmp(names.name(b)))
    });
    codes.truncate(CONSIDERED);
    let name = |at: usize| names.name(codes[at]).to_owned();
    match codes.len() {
        0 => return Ok(Vec::new()),
        1 => return Ok(vec![name(0); 3]),
        _ => {}
    }
    let orders = orders(view, &codes, ctl)?;
    let reach: Vec<f64> = codes.iter().map(|&code| tally.by_code[code as usize].customers as f64).collect();
    let proposal = Proposal { reach: &reach, orders: &orders };
    let goal = proposal.goal(|at| goal_rank(names.name(codes[at])));
    let mut steps: Vec<String> = proposal.way_to(goal).into_iter().map(name).collect();
    steps.push(name(goal));
    Ok(steps)
}

/// Counts for every pair of the touchpoints which came first.
fn orders(view: &View, codes: &[u32], ctl: &Ctl) -> Result<Orders, Cancelled> {
    const NOT: u8 = u8::MAX;
    let mut places = vec![NOT; view.store().touchpoints.len()];
    codes.iter().enumerate().for_each(|(at, &code)| places[code as usize] = at as u8);
    let empty = || Orders { before: vec![[0; CONSIDERED]; CONSIDERED], ends: [0; CONSIDERED] };
    let pieces = par_customers(view, ctl, empty, |orders, _, journey| {
        with_codes!(view.codes(), |codes| {
            let (mut seen, mut met, mut n) = (0u32, [0u8; CONSIDERED], 0);
            let mut last = NOT;
            for code in &codes[journey] {
                let place = places[code.idx()];
                last = place;
                if place == NOT || seen >> place & 1 == 1 {
                    continue;
                }
                seen |= 1 << place;
                for &earlier in &met[..n] {
                    orders.before[usize::from(earlier)][usize::from(place)] += 1;
                }
                met[n] = place;
                n += 1;
            }
            if last != NOT {
                orders.ends[usize::from(last)] += 1;
            }
        });
    })?;
    let mut all = empty();
    for piece in pieces {
        for (row, more) in all.before.iter_mut().zip(&piece.before) {
            row.iter_mut().zip(more).for_each(|(n, more)| *n += more);
        }
        all.ends.iter_mut().zip(&piece.ends).for_each(|(n, more)| *n += more);
    }
    Ok(all)
}

/// How surely a name is that of a goal: 2, 1, or 0 for not at all.
fn goal_rank(name: &str) -> usize {
    let words = words(name);
    let joined = format!("_{}_", words.join("_"));
    let has = |word: &&str| match word.is_ascii() {
        true => joined.contains(&format!("_{word}_")),
        false => joined.contains(*word),
    };
    if NO_GOALS.iter().any(&has) {
        return 0;
    }
    GOALS.iter().position(|goals| goals.iter().any(&has)).map_or(0, |at| GOALS.len() - at)
}

/// `orderPaid`, `Order paid` and `order-paid` are the words order and paid.
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before_lower) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("starts with one").extend(c.to_lowercase());
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

struct Proposal<'a> {
    reach: &'a [f64],
    orders: &'a Orders,
}

impl Proposal<'_> {
    fn before(&self, a: usize, b: usize) -> f64 {
        f64::from(self.orders.before[a][b])
    }

    /// Of the meetings of this touchpoint with others, the share in which it came second.
    fn lateness(&self, at: usize) -> f64 {
        let all = || 0..self.reach.len();
        let (second, first): (f64, f64) =
            (all().map(|other| self.before(other, at)).sum(), all().map(|other| self.before(at, other)).sum());
        if second + first > 0.0 { second / (second + first) } else { 0.0 }
    }

    fn goal(&self, rank: impl Fn(usize) -> usize) -> usize {
        let all = || 0..self.reach.len();
        let late = |at: &usize| self.lateness(*at) >= 0.5;
        // The later of equals by position loses, so that the more frequent name wins.
        let best = |key: &dyn Fn(usize) -> (f64, f64), among: &mut dyn Iterator<Item = usize>| {
            among.reduce(|best, at| if key(at) > key(best) { at } else { best })
        };
        let by_name = best(&|at| (rank(at) as f64, self.reach[at]), &mut all().filter(|at| rank(*at) > 0).filter(late));
        let by_end = || best(&|at| (f64::from(self.orders.ends[at]), self.lateness(at)), &mut all().filter(late));
        by_name.or_else(by_end).unwrap_or(0)
    }

    /// The touchpoints on the way to the goal, in order.
    fn way_to(&self, goal: usize) -> Vec<usize> {
        let mut longest = Vec::new();
        for least in [0.6, 0.4, 0.2, 0.05] {
            let way = self.chain(goal, least);
            if way.len() >= 2 {
                return way;
            }
            if way.len() > longest.len() {
                longest = way;
            }
        }
        self.filled(longest, goal)
    }

    /// Where no order stands out, touchpoints that often come before the goal make up a funnel of three steps.
    fn filled(&self, mut way: Vec<usize>, goal: usize) -> Vec<usize> {
        let mut others: Vec<usize> = (0..self.reach.len())
            .filter(|at| *at != goal && !way.contains(at) && self.before(*at, goal) > 0.0)
            .collect();
        others.sort_by(|&a, &b| self.before(b, goal).total_cmp(&self.before(a, goal)));
        others.truncate(2 - way.len().min(2));
        if !others.is_empty() {
            way.extend(others);
            way.sort_by(|&a, &b| self.lateness(a).total_cmp(&self.lateness(b)));
        }
        way
    }

    /// The chain of touchpoints, each had by at least that share of those who reached the goal, that most of them went;
    /// longer ones first.
    fn chain(&self, goal: usize, least: f64) -> Vec<usize> {
        let weight = |at: usize| self.before(at, goal) / self.reach[goal].max(1.0);
        let on_the_way = |at: &usize| {
            *at != goal
                && weight(*at) >= least
                && self.before(*at, goal) >= 2.0 * self.before(goal, *at)
                && self.reach[*at] >= 0.9 * self.reach[goal]
        };
        let candidates: Vec<usize> = (0..self.reach.len()).filter(on_the_way).collect();
        // For every touchpoint the best chain of the current length that ends in it.
        let mut chains: Vec<(f64, Vec<usize>)> = candidates.iter().map(|&at| (weight(at), vec![at])).collect();
        let mut best = Vec::new();
        for _ in 1..STEPS_MAX {
            let Some((_, top)) = chains.iter().reduce(|best, chain| if chain.0 > best.0 { chain } else { best }) else {
                break;
            };
            best = top.clone();
            let longer = candidates.iter().filter_map(|&at| {
                let fits = |chain: &&(f64, Vec<usize>)| {
                    !chain.1.contains(&at) && chain.1.iter().all(|&earlier| self.is_before(earlier, at))
                };
                let (sum, chain) =
                    chains.iter().filter(fits).reduce(|best, chain| if chain.0 > best.0 { chain } else { best })?;
                Some((sum + weight(at), chain.iter().copied().chain([at]).collect()))
            });
            chains = longer.collect();
        }
        best
    }

    /// Whether `a` comes before `b` for most who had both, and is not had by fewer.
    fn is_before(&self, a: usize, b: usize) -> bool {
        let both = self.before(a, b) + self.before(b, a);
        both > 0.0 && self.before(a, b) >= 0.7 * both && self.reach[a] >= 0.95 * self.reach[b]
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ProfileSpec, profile};
    use super::*;
    use crate::journey::fixture::view;
    use crate::journey::{Batch, BuildOptions, StoreBuilder};
    use std::io::Read;
    use std::sync::Arc;

    fn proposed(view: &View) -> Vec<String> {
        profile(view, &ProfileSpec::default(), &Ctl::new()).expect("a profile").proposed_steps
    }

    #[test]
    fn goals_are_told_by_their_names() {
        for (name, rank) in [
            ("purchase", 2),
            ("orderPaid", 2),
            ("Order Completed", 2),
            ("payment_done", 2),
            ("payment_failed", 0),
            ("支付成功", 2),
            ("支付失败", 0),
            ("account_opened", 1),
            ("chat_opened", 0),
            ("border", 0),
            ("add_payment", 0),
        ] {
            assert_eq!(goal_rank(name), rank, "{name}");
        }
    }

    #[test]
    fn the_order_that_most_went_to_the_goal_is_proposed() {
        let text = "a: visit0 help1 catalog2 cart3 pay4 purchase5\nb: visit0 catalog1 cart2 catalog3 pay4 purchase6\n\
                    c: visit0 catalog1 cart2\nd: catalog0 visit1\ne: visit0 catalog1 help2 cart3 pay4 help5";
        assert_eq!(proposed(&view(text)), ["visit", "catalog", "cart", "pay", "purchase"]);
    }

    #[test]
    fn without_a_telling_name_the_goal_is_where_most_journeys_end() {
        let text = "a: one0 two1 three2\nb: one0 two1 three2\nc: one0 two1";
        assert_eq!(proposed(&view(text)), ["one", "two", "three"]);
    }

    #[test]
    fn where_no_order_stands_out_there_are_still_three_steps() {
        assert_eq!(proposed(&view("a: x0 y1 z2\nb: z0 x1 y2\nc: y0 z1 x2")).len(), 3);
    }

    #[test]
    fn a_single_touchpoint_is_repeated() {
        assert_eq!(proposed(&view("a: x0 x1\nb: x0")), ["x", "x", "x"]);
    }

    /// The journeys of a plain CSV beside the repository; `None` where it is not there. Rows without the first id column
    /// take the second, or the first id
    /// that it stands beside elsewhere.
    fn beside(path: &str, ids: [&str; 2], time: &str, event: &str) -> Option<View> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
        let bytes = std::fs::read(&path).ok()?;
        let mut text = String::new();
        if path.extension().is_some_and(|extension| extension == "gz") {
            flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).ok()?;
        } else {
            text = String::from_utf8(bytes).ok()?;
        }
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next()?.split(',').collect();
        let at = |name: &str| header.iter().position(|column| *column == name).expect(name);
        let (ids, time, event) = (ids.map(at), at(time), at(event));
        let mut batch = Batch::default();
        let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        let linked: std::collections::HashMap<&str, &str> = rows
            .iter()
            .filter(|row| ids.iter().all(|at| !row[*at].is_empty()))
            .map(|row| (row[ids[1]], row[ids[0]]))
            .collect();
        for fields in &rows {
            let time: crate::base::When = fields[time].parse().expect("a time");
            let id = ids.map(|at| fields[at]).into_iter().find(|id| !id.is_empty())?;
            batch.customers.push(linked.get(id).unwrap_or(&id));
            batch.touchpoints.push(fields[event]);
            batch.times.push(time.resolve(&crate::base::Zone::utc()).micros());
        }
        let mut builder = StoreBuilder::new(&[]);
        builder.add(batch, &[]).expect("few events");
        Some(View::whole(Arc::new(builder.finish(BuildOptions::default(), &Ctl::new()).expect("not cancelled"))))
    }

    #[test]
    fn known_shops_get_a_sensible_funnel() {
        let check = |view: Option<View>, expect: &[&str]| {
            if let Some(view) = view {
                assert_eq!(proposed(&view), expect);
            }
        };
        let shop = beside("simple_shop/events.csv", ["user_id"; 2], "timestamp", "event");
        check(shop, &["catalog", "cart", "delivery_choice", "payment_choice", "payment_done"]);
        let ecom = beside("ecom_synth/events.csv.gz", ["user_id"; 2], "timestamp", "event");
        check(ecom, &["product_view", "add_to_cart", "shipping_details", "purchase"]);
        let ids = ["customer_id", "anonymous_id"];
        let retail = beside("demo/retail.csv", ids, "ts", "event");
        check(retail, &["product_view", "cart_add", "login", "checkout_start", "order_paid"]);
        let bank = beside("demo/bank.csv", ids, "ts", "event");
        check(bank, &["visit", "application_start", "kyc_submitted", "account_opened"]);
        let hotel = beside("demo/hotel.csv", ids, "ts", "event");
        check(hotel, &["booked", "survey", "checked_in", "room_service", "checked_out"]);
    }
}
