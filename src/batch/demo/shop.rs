//! The sample shop: customers who come back, or not, in a daily and weekly rhythm; one row per event, in time order.
//!
//! Time goes by the hour. Every customer waits in the hour of their next visit; when the hour comes, the visit's events
//! are made and put into the hours that they fall into; an hour's events are sorted and written once the visits that
//! start in it are done. So memory holds one visit per customer and the events of the hours ahead, never the whole.

use std::io::Write;

use super::Size;
use super::random::{Random, totals};
use super::rows::{Event, NO_SCORE, Rows};
use super::shop_moves::{LEAVE, Moves, Name, Visit, mean_seconds, name};
use crate::base::{Ctl, When, Zone};
use crate::export::{self, Format};

const DAYS: usize = 90;
const HOURS: usize = DAYS * 24;
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// A visit longer than this is cut.
const VISIT_EVENTS_MAX: usize = 150;

/// Most come once and go; few stay for good. (Weight, chance to come back after a visit in thousandths.)
const LOYALTY: [(u32, u64); 4] = [(44, 330), (33, 800), (17, 960), (6, 993)];

pub(super) const CHANNELS: [&str; 8] =
    ["direct", "organic", "paid_search", "social", "email", "affiliate", "push", "referral"];
const DIRECT: usize = 0;
const ORGANIC: usize = 1;
const PAID_SEARCH: usize = 2;
const SOCIAL: usize = 3;
const EMAIL: usize = 4;
const AFFILIATE: usize = 5;
const PUSH: usize = 6;
const REFERRAL: usize = 7;

pub(super) const DEVICES: [&str; 3] = ["android", "ios", "desktop"];
const ANDROID: u8 = 0;
const DESKTOP: u8 = 2;

pub(super) const PLANS: [&str; 4] = ["guest", "free", "plus", "pro"];

#[rustfmt::skip]
pub(super) const COUNTRIES: [&str; 30] = [
    "US", "DE", "GB", "FR", "CN", "JP", "IT", "ES", "CA", "NL", "BR", "PL", "AU", "SE", "CH", "AT", "BE", "IN", "MX", "DK",
    "KR", "NO", "FI", "PT", "IE", "CZ", "TR", "GR", "NZ", "HU",
];

/// Visits that start in each hour of the day, and on each day of the week from Monday.
const BY_HOUR: [u32; 24] = [14, 8, 5, 4, 4, 7, 16, 28, 38, 44, 48, 52, 56, 52, 49, 48, 50, 55, 64, 74, 80, 72, 50, 28];
const BY_WEEKDAY: [u32; 7] = [100, 96, 98, 102, 108, 124, 118];

// Events that the story speaks of by name.
const AD_CLICK: Name = name("ad_click");
const EMAIL_OPEN: Name = name("email_open");
const PUSH_OPEN: Name = name("push_open");
const APP_OPEN: Name = name("app_open");
const HOME_VIEW: Name = name("home_view");
const CATEGORY_VIEW: Name = name("category_view");
const VIEW_PRODUCT: Name = name("view_product");
const VIEW_CART: Name = name("view_cart");
const ADD_TO_CART: Name = name("add_to_cart");
const COUPON_ERROR: Name = name("coupon_error");
const PAYMENT_ERROR: Name = name("payment_error");
const PURCHASE: Name = name("purchase");
const ORDER_STATUS: Name = name("order_status");
const DELIVERY_RECEIVED: Name = name("delivery_received");
const RETURN_REQUEST: Name = name("return_request");
const SURVEY_ANSWERED: Name = name("survey_answered");
const SIGN_UP: Name = name("sign_up");
const PLAN_UPGRADE: Name = name("plan_upgrade");

/// One customer between two visits.
struct Customer {
    random: Random,
    comes_back: u16,
    /// Mean days between visits.
    gap: f32,
    country: u8,
    device: u8,
    plan: u8,
    has_cart: bool,
    has_order: bool,
    had_trouble: bool,
}

/// Somebody whose next visit starts at a time.
struct Waiting {
    customer: u32,
    start: i64,
}

struct Shop {
    start: i64,
    customers: Vec<Customer>,
    waiting: Vec<Vec<Waiting>>,
    hours: Vec<Vec<Event>>,
    moves: Vec<Moves>,
    by_hour: Vec<u32>,
    channels: [Vec<u32>; 2],
}

pub(super) fn write(size: Size, format: &Format, out: &mut dyn Write, ctl: &Ctl) -> Result<(), export::Error> {
    write_rows(size, Rows::start(format, out)?, ctl)
}

/// The same events as Google Analytics would have them; there is one format for that.
pub(super) fn write_ga4(size: Size, _: &Format, out: &mut dyn Write, ctl: &Ctl) -> Result<(), export::Error> {
    write_rows(size, Rows::objects(out, super::ga4::push), ctl)
}

fn write_rows(size: Size, mut rows: Rows<'_>, ctl: &Ctl) -> Result<(), export::Error> {
    let mut shop = Shop::open(size);
    for hour in 0..HOURS {
        ctl.check()?;
        let events = shop.hour(hour);
        ctl.add_rows(events.len() as u64);
        rows.write(events)?;
    }
    rows.finish()
}

impl Shop {
    fn open(size: Size) -> Self {
        let start: When = "2025-01-06".parse().expect("a Monday");
        let mut shop = Shop {
            start: start.resolve(&Zone::utc()).micros(),
            customers: Vec::with_capacity(size.customers as usize),
            waiting: (0..HOURS).map(|_| Vec::new()).collect(),
            hours: (0..HOURS).map(|_| Vec::new()).collect(),
            moves: Visit::ALL.into_iter().map(Moves::of).collect(),
            by_hour: totals(BY_HOUR),
            // Guests get no mail and no push messages.
            channels: [totals([240, 270, 190, 130, 0, 70, 0, 60]), totals([250, 160, 100, 80, 210, 40, 110, 40])],
        };
        // Customers of old come back in the first days; the others arrive over the whole time, a little more each week.
        let arrivals = totals((0..DAYS).map(|day| {
            let returning = if day < 14 { 140 - 10 * day as u32 } else { 0 };
            BY_WEEKDAY[day % 7] * (100 + day as u32 / 3 + returning) / 100
        }));
        let countries = totals((0..COUNTRIES.len() as u32).map(|rank| 6000 / (rank + 3)));
        let (plans, devices, loyalty) =
            (totals([52, 27, 15, 6]), totals([41, 31, 28]), totals(LOYALTY.map(|(weight, _)| weight)));
        for id in 0..size.customers {
            let mut random = Random::of(size.seed, id);
            let customer = Customer {
                comes_back: LOYALTY[random.pick(&loyalty)].1 as u16,
                gap: (0.7 + 1.2 * random.pareto().min(12.0)) as f32,
                country: random.pick(&countries) as u8,
                device: random.pick(&devices) as u8,
                plan: random.pick(&plans) as u8,
                has_cart: false,
                has_order: false,
                had_trouble: false,
                random,
            };
            shop.customers.push(customer);
            let random = &mut shop.customers[id as usize].random;
            let day = random.pick(&arrivals);
            let start = shop.start + day as i64 * DAY + time_of_day(&shop.by_hour, random);
            shop.wait(id, start);
        }
        shop
    }

    fn wait(&mut self, customer: u32, start: i64) {
        if let Some(hour) = self.hour_of(start) {
            self.waiting[hour].push(Waiting { customer, start });
        }
    }

    fn hour_of(&self, time: i64) -> Option<usize> {
        let hour = usize::try_from((time - self.start) / HOUR).ok()?;
        (hour < HOURS).then_some(hour)
    }

    /// The events of an hour, in time order; hours must come in order.
    fn hour(&mut self, hour: usize) -> Vec<Event> {
        // Somebody may come back within the hour.
        while !self.waiting[hour].is_empty() {
            for Waiting { customer, start } in std::mem::take(&mut self.waiting[hour]) {
                let end = self.visit(customer, start);
                if let Some(next) = self.next_visit(customer, end) {
                    self.wait(customer, next);
                }
            }
        }
        let mut events = std::mem::take(&mut self.hours[hour]);
        events.sort_by_key(|event| (event.time, event.customer));
        events
    }

    /// Makes the events of a visit and returns when it ended.
    fn visit(&mut self, id: u32, start: i64) -> i64 {
        let Shop { customers, moves, channels, .. } = self;
        let customer = &mut customers[id as usize];
        let random = &mut customer.random;
        let channel = random.pick(&channels[usize::from(customer.plan > 0)]);
        let device = if random.happens(120) { random.below(3) as u8 } else { customer.device };
        let keenness = keenness(channel, customer.plan, random);
        let moves = &moves[Visit { is_android: device == ANDROID, keenness }.idx()];
        let mut at = first_event(channel, device, customer);
        let mut time = start;
        let mut made = Vec::new();
        while at != LEAVE && made.len() < VISIT_EVENTS_MAX {
            let (revenue, score) = happens(at, customer);
            made.push(Event {
                time,
                customer: id,
                name: at,
                channel: channel as u8,
                country: customer.country,
                device,
                plan: customer.plan,
                revenue,
                score,
            });
            let wait = customer.random.exponential(mean_seconds(at)).min(1500.0);
            time += (wait * SECOND as f64) as i64 + SECOND / 5;
            at = match made.len() {
                1 if customer.has_cart && customer.random.happens(300) => VIEW_CART,
                _ => moves.next(at, &mut customer.random),
            };
        }
        for event in made {
            if let Some(hour) = self.hour_of(event.time) {
                self.hours[hour].push(event);
            }
        }
        time
    }

    /// When the customer comes back after a visit that ended then; `None` for never.
    fn next_visit(&mut self, id: u32, end: i64) -> Option<i64> {
        let customer = &mut self.customers[id as usize];
        let random = &mut customer.random;
        // Whoever has ordered comes to look where the parcel is.
        let comes_back = if customer.has_order { 900 } else { u64::from(customer.comes_back) };
        if !random.happens(comes_back) {
            return None;
        }
        let days = random.exponential(f64::from(customer.gap));
        let later = end + (days * DAY as f64) as i64;
        let day = (later - self.start) / DAY * DAY + self.start;
        // Thinning gives the week its rhythm: some visits planned for a quiet day slip to the next.
        let weekday = usize::try_from((later - self.start) / DAY).unwrap_or(0) % 7;
        let slips = random.below(124) >= u64::from(BY_WEEKDAY[weekday]);
        let next = day + if slips { DAY } else { 0 } + time_of_day(&self.by_hour, random);
        // A visit ends with half an hour of silence at the least.
        Some(next.max(end + HOUR / 2 + (random.exponential(1800.0) * SECOND as f64) as i64 + SECOND))
    }
}

fn time_of_day(by_hour: &[u32], random: &mut Random) -> i64 {
    random.pick(by_hour) as i64 * HOUR + random.below(HOUR as u64) as i64
}

fn keenness(channel: usize, plan: u8, random: &mut Random) -> u8 {
    let keen = match channel {
        EMAIL => 330,
        PAID_SEARCH | PUSH | AFFILIATE => 220,
        DIRECT | ORGANIC | REFERRAL => 150,
        SOCIAL => 60,
        _ => 100,
    } + u64::from(plan) * 60;
    match random.below(1000) {
        n if n < keen => 2,
        n if n < 620 => 1,
        _ => 0,
    }
}

/// The first event of a visit.
fn first_event(channel: usize, device: u8, customer: &mut Customer) -> Name {
    let random = &mut customer.random;
    if customer.has_order && random.happens(550) {
        customer.has_order = false;
        return if random.happens(450) { ORDER_STATUS } else { DELIVERY_RECEIVED };
    }
    match channel {
        PAID_SEARCH | SOCIAL => AD_CLICK,
        EMAIL => EMAIL_OPEN,
        PUSH => PUSH_OPEN,
        ORGANIC | AFFILIATE if random.happens(600) => VIEW_PRODUCT,
        ORGANIC | AFFILIATE => CATEGORY_VIEW,
        DIRECT | REFERRAL if device != DESKTOP => APP_OPEN,
        _ => HOME_VIEW,
    }
}

/// What an event does to the customer, and the amount and the score that it carries.
fn happens(event: Name, customer: &mut Customer) -> (Option<u32>, u8) {
    let random = &mut customer.random;
    if event == ADD_TO_CART {
        customer.has_cart = true;
    } else if [PAYMENT_ERROR, COUPON_ERROR, RETURN_REQUEST].contains(&event) {
        customer.had_trouble = true;
    } else if event == SIGN_UP {
        customer.plan = customer.plan.max(1);
    } else if event == PLAN_UPGRADE {
        customer.plan = (customer.plan + 1).min(3);
    } else if event == PURCHASE {
        customer.has_cart = false;
        customer.has_order = true;
        let cents = 900.0 + random.exponential(2600.0) * random.pareto().min(20.0);
        return (Some(cents as u32), NO_SCORE);
    } else if event == SURVEY_ANSWERED {
        // Whoever had trouble answers worse.
        let score = match std::mem::take(&mut customer.had_trouble) {
            true => random.below(8) as u8,
            false => 10 - (random.exponential(2.0) as u8).min(10),
        };
        return (None, score);
    }
    (None, NO_SCORE)
}
